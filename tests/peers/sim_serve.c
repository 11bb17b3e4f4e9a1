/*
 * sim_serve - serves a simulated site for clients that are not ours until its standard
 * input closes. Prints shell assignments: the URLs, what the site accepts, and what is in
 * it. usage: sim_serve [SPEED] < pipe. Owns site, clock and server. Threads: the
 * server's.
 */
#include <config.h>

#include "core/sim/server.h"
#include "core/sim/site_impl.h"
#include "core/sim/vim_faults.h"

#include <stdio.h>
#include <unistd.h>

static void print_site(struct sim_server *v)
{
    struct site *s = sim_server_lock(v);
    const struct sim_tag tags[] = {{"rushhour:deployment", "haifa"},
                                   {"rushhour:server", "cache"},
                                   {"rushhour:move-id", "m-1"}};
    const struct sim_launch l = {.type = s->w->types[0].name,
                                 .image = "ami-0123456789abcdef0",
                                 .eni = s->w->enis[0].id,
                                 .client_token = "peer",
                                 .spot = true,
                                 .tags = tags,
                                 .n_tags = 3};
    const struct sim_instance *i = NULL;

    if (world_launch(s->w, &l, &i) == SIM_OK)
        printf("INSTANCE=%s\nENI=%s\n", i->id, s->w->enis[0].id);
    printf("BASE=%s\nVM=%s\nVSPHERE_USER=%s\nVSPHERE_PASSWORD=%s\nAWS_ACCESS_KEY_ID=%s\n"
           "AWS_SECRET_ACCESS_KEY=%s\nAWS_REGION=%s\nVMS=%zu\nREADY=1\n",
           sim_server_base(v), s->w->vms[0].name, vim_user, site_vsphere_password,
           site_aws_key_id, site_aws_secret_key, s->w->region, s->w->n_vms);
    sim_server_unlock(v);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    struct err e = {0};
    struct utc start = clock_utc(clock_system());
    struct site_options options = {.seed = 7, .servers = 4, .start = start};
    struct site *site = NULL;
    struct sim_server *server = NULL;
    struct clock_scaled *clock = NULL;
    int64_t speed = 10;
    char byte;
    int status = 1;

    if (argc > 1 && str_to_i64(argv[1], 1, 100000, &speed, &e) != ERR_OK)
        goto out;
    clock = clock_scaled_new(start, (int32_t)speed);
    if (clock == NULL || site_new(&options, &site, &e) != ERR_OK ||
        sim_server_start(site, clock, 0, &server, &e) != ERR_OK)
        goto out;
    print_site(server);
    while (read(STDIN_FILENO, &byte, 1) > 0)
        continue;
    status = 0;
out:
    if (status != 0)
        fprintf(stderr, "sim_serve: %s\n", e.text);
    sim_server_stop(server);
    site_free(site);
    clock_scaled_free(clock);
    return status;
}
