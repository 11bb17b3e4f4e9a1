/*
 * facts - what is known of one server, the extension and the site, merged from
 * observations. Plain values. Threads: values.
 */
#ifndef RH_MODEL_FACTS_H
#define RH_MODEL_FACTS_H

#include "core/base/clock.h"
#include "core/base/money.h"
#include "core/model/words.h"

/* A reading may be as old as that, whatever its stamp says (reliability 2). */
enum { OLD_READING_S = 300 };

struct node_facts {
    char name[NAME_TEXT];
    bool known;  /* Jenkins answered and listed it; else everything below is old */
    bool open;   /* takes builds: not marked and not offline */
    bool marked; /* temporarily offline */
    bool connected, connected_known;
    bool launchable;
    enum closed_by closed_by; /* of a marked node */
    bool idle;                /* no executor busy, one-off ones included */
    int32_t busy;
    char build[BUILD_TEXT]; /* the first running build, "" when idle or unnamed */
    char build_path[URL_TEXT];
    int32_t build_progress; /* 0..99, -1 unknown */
    struct utc build_started;
    int64_t build_estimate_s; /* -1 unknown */
    char cause[LINE_TEXT];    /* why offline, for people */
    struct utc idle_since;    /* 0 = busy or unknown */
    struct utc as_of;         /* of the last good reading */
    size_t listed_at;         /* its place in that, where the next one has it, too */
};

struct instance_facts {
    char id[ID_TEXT]; /* "" = none */
    size_t listed_at; /* its place in EC2's list, where the next one has it, too */
    char type[NAME_TEXT], zone[NAME_TEXT], ip[NAME_TEXT], eni[ID_TEXT], request[ID_TEXT];
    enum lifecycle lifecycle;
    bool running,
        terminated;   /* as last seen: pending or running; on its way to its end */
    bool pending;     /* ec2: running, but not yet there */
    bool ended;       /* ec2: at its end */
    bool eni_deletes; /* its end would be that of a fixed interface, too */
    char attachment[ID_TEXT]; /* of that interface, "" not known */
    struct utc launched;
    struct utc stopped_since; /* as far as seen, 0 = it is not */
    bool stopped; /* and not started again at once: nothing runs there, but it is
                     still there, and holds its interface */
    enum spot_state spot;
    char spot_status[NAME_TEXT];  /* AWS's own code, "" unknown */
    struct utc reclaim_at;        /* 0 = no notice */
    char state_reason[NAME_TEXT]; /* AWS's own code of its end, "" */
};

struct server_facts {
    enum place place;
    bool place_stale;     /* too old to act on, or never known */
    bool in_both_places;  /* place is then unknown and the server blocked */
    struct utc away_seen; /* velostrata: the last reading that showed it in the cloud or
                             on its way there, 0 once one showed it on its way back, or
                             at home with the task of its move failed */
    char place_raw[NAME_TEXT]; /* an unknown state as its API spelled it, "" */
    enum power power;
    char vm_id[ID_TEXT];      /* "" = not found in vSphere */
    char managed_id[ID_TEXT]; /* velostrata: what the manager calls it, whose vSphere may
                                 be another than ours; vm_id when it lists none */
    bool tools;               /* the guest at home answers */
    /* The share of each vCPU's time that it waits for a core, and for its siblings; -1
     * unknown, or it does not run at home. */
    int32_t ready_permille, costop_permille;
    char blocked[LINE_TEXT]; /* "" or why only a person can end this */
    struct node_facts onprem, cloud;
    struct utc
        opened; /* then one of them was told to open; what was read before is old */
    struct utc told_off; /* we told its VM at home to stop then, and not to start since;
                            0 = not; stored */
    struct utc apart;    /* ec2: not up in both places then, whatever was told since and
                            however old a reading may be; 0 = not known */
    struct utc switched_on; /* its VM at home, by us, which is stored, or as it was seen:
                               an old reading shows it as off */
    struct instance_facts instance;
    /* ec2: taken back, while `instance` comes up in another zone in its place; id "" =
     * none. */
    struct instance_facts leaving;
    bool task_active; /* any task of anyone runs on this VM */
    char task_id[ID_TEXT], task_type[NAME_TEXT], task_user[NAME_TEXT],
        task_error[LINE_TEXT];
    int32_t task_progress;    /* -1 unknown */
    bool migration_busy;      /* never ask for a return now */
    bool instance_stopped;    /* in the cloud, but its instance is merely stopped */
    char eni_holder[ID_TEXT]; /* ec2: what else its interface is attached to, "" = it is
                                 free as far as known */
    bool eni_holder_ended;    /* which is at its end: it comes free soon */
    char other_id[ID_TEXT];   /* ec2: what else has its tag and lives, "" = nothing */
    bool lost;              /* its spot instance was taken back and it is not home yet */
    struct utc place_as_of; /* oldest of the readings that gave the place */
    struct utc nodes_as_of;
};

struct extension_facts {
    bool configured;
    char id[ID_TEXT];
    enum extension_state state;
    bool stale;
    char raw[NAME_TEXT], problem[LINE_TEXT];
    bool task_active;
    int32_t task_progress;
    char edge_a_zone[NAME_TEXT], edge_b_zone[NAME_TEXT];
    struct utc since; /* of this state, as far as seen */
    struct utc as_of;
};

enum { HOST_HISTORY = 60 };
struct host_facts {
    bool known, stale;
    char name[NAME_TEXT];
    int32_t cpu_permille, memory_permille;   /* -1 unknown */
    int32_t ready_permille, costop_permille; /* mean of its VMs' vCPUs, -1 unknown */
    bool maintenance;
    struct utc as_of;
    int16_t history[HOST_HISTORY]; /* cpu permille a minute, oldest first, -1 = none */
    int16_t ready_history[HOST_HISTORY]; /* the same of ready */
    int32_t peak_permille;               /* within the history, -1 none */
    struct utc peak_at;
};

#endif
