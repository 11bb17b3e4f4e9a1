# Run by sim_jenkins.sh: what an administrator's script does to a Jenkins.
import json
import os
import sys
import urllib.request

import jenkins

URL, CONTROL = os.environ["JENKINS_URL"], os.environ["CONTROL_URL"]
failures = 0


def check(what, ok, text=""):
    global failures
    print("ok  " if ok else "FAIL", what, text)
    failures += not ok


def refuses(what, call):
    try:
        call()
        check(what, False, "was taken")
    except jenkins.JenkinsException as e:
        check(what, True, str(e).splitlines()[0])


def control(name, **body):
    request = urllib.request.Request(f"{CONTROL}/{name}", json.dumps(body).encode(),
                                     {"Content-Type": "application/json"})
    return json.load(urllib.request.urlopen(request, timeout=20))


def drive(how, password):
    j = jenkins.Jenkins(URL, "rushhour", password, timeout=20)
    info = j.get_info()
    check(f"{how}: info", info["_class"] == "hudson.model.Hudson" and info["jobs"])
    check(f"{how}: version", j.get_version().split(".")[0] == "2", j.get_version())
    check(f"{how}: who am I", j.get_whoami()["id"] == "rushhour")
    jobs = j.get_jobs()
    check(f"{how}: jobs", len(jobs) > 0 and all(x["url"].startswith(URL) for x in jobs), len(jobs))
    nodes = j.get_nodes()
    check(f"{how}: nodes", nodes[0]["name"] == "Built-In Node" and len(nodes) > 4, len(nodes))
    check(f"{how}: nodes at length", len(j.get_nodes_with_info()) == len(nodes))
    return j, nodes, jobs


def mark(how, j, name):
    j.disable_node(name, "fan & noise <3>")
    info = j.get_node_info(name, depth=1)
    check(f"{how}: disabled", info["offline"] and info["temporarilyOffline"] and
          "fan & noise <3>" in info["offlineCause"]["description"] and
          info["offlineCauseReason"] == "fan &amp; noise &lt;3&gt;", info["offlineCauseReason"])
    j.disable_node(name, "again")
    check(f"{how}: disabled once", j.get_node_info(name)["temporarilyOffline"])
    j.enable_node(name)
    info = j.get_node_info(name)
    check(f"{how}: enabled", not info["offline"] and info["offlineCause"] is None)


def parameters_of(info):
    for p in info["property"]:
        if "parameterDefinitions" in p:
            return {d["name"]: "smoke" for d in p["parameterDefinitions"]}
    return None


def build(how, j, job):
    info = j.get_job_info(job)
    check(f"{how}: job", info["name"] == job and info["nextBuildNumber"] > 0)
    item = j.build_job(job, parameters_of(info))
    queued = j.get_queue_item(item)
    check(f"{how}: queued", queued["id"] == item and queued["task"]["name"] == job, queued["why"])
    for _ in range(5000):  # rush hours: others wait, too
        queued = j.get_queue_item(item)
        if "executable" in queued:
            break
        control("advance", seconds=10)
    number = queued["executable"]["number"]
    b = j.get_build_info(job, number)
    check(f"{how}: build", b["number"] == number and b["queueId"] == item and
          b["url"] == queued["executable"]["url"], b["builtOn"])
    running = [r for r in j.get_running_builds() if r["name"] == job and r["number"] == number]
    check(f"{how}: runs", b["building"] and running and running[0]["node"] == b["builtOn"])
    j.stop_build(job, number)
    for _ in range(60):
        b = j.get_build_info(job, number)
        if not b["building"]:
            break
        control("advance", seconds=1)
    check(f"{how}: stopped", b["result"] == "ABORTED")
    refuses(f"{how}: no such build", lambda: j.get_build_info(job, 999999))


def history(how, j, jobs):
    """Builds with their durations; where one ran is told by all but Pipelines."""
    control("advance", seconds=4 * 3600)
    for job in (x["name"] for x in jobs):
        info = j.get_job_info(job)
        done = [b for b in (j.get_build_info(job, x["number"]) for x in info["builds"][:3])
                if not b["building"]]
        pipeline = info["_class"].endswith("WorkflowJob")
        if not all(b["duration"] > 0 and ("builtOn" in b) != pipeline for b in done):
            check(f"{how}: history of {job}", False, done)
            return
    check(f"{how}: history", True)


def queue(how, j, nodes, job):
    agents = [n["name"] for n in nodes[1:] if not n["offline"]]
    for name in agents:
        j.disable_node(name, "no agents")
    item = j.build_job(job, parameters_of(j.get_job_info(job)))
    control("advance", seconds=10)
    items = [q for q in j.get_queue_info() if q["id"] == item]
    check(f"{how}: waits in the queue", len(items) == 1 and items[0]["task"]["name"] == job and
          items[0]["why"], items[0]["why"] if items else "")
    j.cancel_queue(item)
    check(f"{how}: canceled", j.get_queue_item(item)["cancelled"] and
          not [q for q in j.get_queue_info() if q["id"] == item])
    for name in agents:
        j.enable_node(name)


refuses("a wrong password", jenkins.Jenkins(URL, "rushhour", "wrong", timeout=20).get_info)
refuses("nobody", jenkins.Jenkins(URL, timeout=20).get_info)
for how, password in (("token", "jenkins-demo"), ("password and crumb", "jenkins-demo-password")):
    j, nodes, jobs = drive(how, password)
    here = next(n["name"] for n in nodes[1:] if not n["offline"])
    mark(how, j, here)
    build(how, j, jobs[0]["name"])
    history(how, j, jobs)
    queue(how, j, nodes, jobs[0]["name"])
    refuses(f"{how}: no such node", lambda: j.get_node_info("nowhere"))
    refuses(f"{how}: nodes are not ours to delete", lambda: j.delete_node(here))
    refuses(f"{how}: nor their settings to read", lambda: j.get_node_config(here))
sys.exit(1 if failures else 0)
