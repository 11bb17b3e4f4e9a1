# Run by sim_api4jenkins.sh: the second library of a Jenkins that others wrote. It finds its classes
# by "_class", takes every crumb that is offered, and builds addresses from those in answers.
import json
import os
import sys
import urllib.request

import api4jenkins
from api4jenkins.exceptions import AuthenticationError, ItemNotFoundError

URL, CONTROL = os.environ["JENKINS_URL"], os.environ["CONTROL_URL"]
failures = 0


def check(what, ok, text=""):
    global failures
    print("ok  " if ok else "FAIL", what, text)
    failures += not ok


def refuses(what, kind, call):
    try:
        call()
        check(what, False, "was taken")
    except kind as e:
        check(what, True, type(e).__name__)


def control(name, **body):
    request = urllib.request.Request(f"{CONTROL}/{name}", json.dumps(body).encode(),
                                     {"Content-Type": "application/json"})
    return json.load(urllib.request.urlopen(request, timeout=20))


def nodes(how, j):
    found = list(j.nodes)
    agents = [n for n in found if type(n).__name__ == "SlaveComputer"]
    check(f"{how}: nodes by class", len(agents) > 4 and len(agents) == len(found) - 1 and
          type(found[0]).__name__ == "MasterComputer", len(found))
    check(f"{how}: the built-in node", found[0].display_name == "Built-In Node" and
          found[0].url.endswith("/computer/(built-in)/"))
    online = list(j.nodes.filter_node_by_status(online=True))
    check(f"{how}: nodes online", 0 < len(online) <= len(found), len(online))
    label = agents[0].api_json()["assignedLabels"][0]["name"]
    check(f"{how}: nodes of a label", any(n.url == agents[0].url
                                         for n in j.nodes.filter_node_by_label(label)), label)
    return next(n for n in online if n in agents)


def mark(how, node):
    node.disable("fan & noise")
    check(f"{how}: disabled", node.offline and node.temporarily_offline and
          node.offline_cause_reason == "fan &amp; noise")
    node.disable("again")  # does nothing: it is offline
    check(f"{how}: disabled once", node.temporarily_offline)
    node.enable()
    check(f"{how}: enabled", not node.offline and not node.temporarily_offline)


def build(how, j, job):
    names = {p["name"]: "smoke" for p in job.get_parameters()}
    check(f"{how}: job", type(job).__name__ in ("FreeStyleProject", "WorkflowJob") and
          job.next_build_number > 0, job.full_name)
    item = job.build(**names)
    check(f"{how}: queued", any(q.id == item.id for q in j.queue) and
          j.queue.get(item.id).id == item.id, item.why)
    for _ in range(5000):  # rush hours: others wait, too
        if item._class.endswith("$LeftItem"):
            break
        control("advance", seconds=10)
    b = item.get_build()
    check(f"{how}: build", b.building and b.queue_id == item.id and b.project == job, b.number)
    check(f"{how}: its parameters", {p.name for p in b.get_parameters()} == set(names))
    check(f"{how}: its causes", len(b.get_causes()) > 0, b.get_causes()[0]["shortDescription"])
    running = [r for r in j.nodes.iter_building_builds() if r == b]
    check(f"{how}: runs on a node", len(running) == 1)
    b.stop()
    for _ in range(60):
        if not b.building:
            break
        control("advance", seconds=1)
    check(f"{how}: stopped", b.result == "ABORTED" and b.duration > 0)
    check(f"{how}: is the job's newest", job.get(b.number) == b and job.get_last_build() == b)
    check(f"{how}: no such build", job.get(999999) is None)


def queue(how, j, job):
    agents = [n for n in j.nodes.filter_node_by_status(online=True)
              if type(n).__name__ == "SlaveComputer"]
    for n in agents:
        n.disable("no agents")
    item = job.build(**{p["name"]: "late" for p in job.get_parameters()})
    control("advance", seconds=10)
    check(f"{how}: waits in the queue", item.stuck and item.why, item.why)
    item.cancel()
    check(f"{how}: canceled", item.api_json()["cancelled"] and j.queue.get(item.id) is None)
    refuses(f"{how}: canceled twice", ItemNotFoundError, lambda: j.queue.cancel(999999))
    for n in agents:
        n.enable()


refuses("a wrong password", AuthenticationError,
        lambda: api4jenkins.Jenkins(URL, auth=("rushhour", "wrong")).api_json())
for how, password in (("token", "jenkins-demo"), ("password and crumb", "jenkins-demo-password")):
    j = api4jenkins.Jenkins(URL, auth=("rushhour", password))
    check(f"{how}: version", j.version.startswith("2."), j.version)
    check(f"{how}: crumb", list(j.crumb) == ["Jenkins-Crumb"])
    here = nodes(how, j)
    mark(how, here)
    jobs = list(j.iter())
    check(f"{how}: jobs by class", len(jobs) > 2 and
          {type(x).__name__ for x in jobs} <= {"FreeStyleProject", "WorkflowJob", "Folder"},
          len(jobs))
    build(how, j, next(x for x in jobs if type(x).__name__ == "FreeStyleProject"))
    queue(how, j, next(x for x in jobs if type(x).__name__ == "FreeStyleProject"))
    check(f"{how}: no such job", j["nowhere"] is None)
    refuses(f"{how}: nodes are not ours to delete", PermissionError, here.delete)
sys.exit(1 if failures else 0)
