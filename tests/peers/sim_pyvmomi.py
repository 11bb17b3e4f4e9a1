# Run by sim_pyvmomi.sh: what an administrator's script does to an ESX host.
import os
import sys
import threading
import time

from pyVim.connect import Disconnect, SmartConnect
from pyVim.task import WaitForTask
from pyVmomi import vim, vmodl

PC = vmodl.query.PropertyCollector
failures = 0


def check(what, ok, text=""):
    global failures
    print("ok  " if ok else "FAIL", what, text)
    failures += not ok


def refuses(what, fault, call):
    try:
        call()
        check(what, False, "was taken")
    except fault as e:
        check(what, True, type(e).__name__)


def connect(password):
    host, port = os.environ["BASE"].split("//")[1].split(":")
    return SmartConnect(protocol="http", host=host, port=int(port),
                        user=os.environ["VSPHERE_USER"], pwd=password)


refuses("a wrong password", vim.fault.InvalidLogin, lambda: connect("wrong"))
si = connect(os.environ["VSPHERE_PASSWORD"])
content = si.RetrieveContent()
check("about", content.about.apiType == "HostAgent", content.about.fullName)
check("time", si.CurrentTime() is not None)
check("session", content.sessionManager.currentSession.userName == os.environ["VSPHERE_USER"])

view = content.viewManager.CreateContainerView(content.rootFolder, [vim.VirtualMachine], True)
vms = {vm.name: vm for vm in view.view}
check("view", len(vms) == int(os.environ["VMS"]), sorted(vms))
vm = vms[os.environ["VM"]]
check("properties", vm.runtime.powerState == "poweredOn" and vm.summary.config.numCpu > 0 and
      vm.config.hardware.memoryMB > 0 and vm.guest.ipAddress and vm.config.instanceUuid)
check("the way up", vm.parent.parent.parent == content.rootFolder)
check("the way down", any(vm in dc.vmFolder.childEntity for dc in content.rootFolder.childEntity))
host = vm.runtime.host
check("host", host.summary.hardware.cpuMhz > 0 and vm in host.vm and
      host.hardware.memorySize == host.summary.hardware.memorySize, host.name)
check("search", content.searchIndex.FindByUuid(None, vm.config.instanceUuid, True, True) == vm)

vms["gateway"].ShutdownGuest()
check("power off", WaitForTask(vm.PowerOff()) == "success" and
      vm.runtime.powerState == "poweredOff")
refuses("power off again", vim.fault.InvalidPowerState, lambda: WaitForTask(vm.PowerOff()))
check("power on", WaitForTask(vm.PowerOn()) == "success" and vm.runtime.powerState == "poweredOn")

perf = content.perfManager
ids = {f"{c.groupInfo.key}.{c.nameInfo.key}.{c.rollupType}": c.key for c in perf.perfCounter}
check("provider", perf.QueryPerfProviderSummary(vm).refreshRate == 20)
metric = vim.PerformanceManager.MetricId(counterId=ids["cpu.ready.summation"], instance="")
query = vim.PerformanceManager.QuerySpec(entity=vms["artifacts"], metricId=[metric],
                                         intervalId=20, maxSample=1)
check("a sample", len(perf.QueryPerf(querySpec=[query])[0].value[0].value) == 1)

pc = content.propertyCollector
spec = PC.FilterSpec(
    objectSet=[PC.ObjectSpec(obj=view, skip=True, selectSet=[
        PC.TraversalSpec(name="t", path="view", skip=False, type=vim.view.ContainerView)])],
    propSet=[PC.PropertySpec(type=vim.VirtualMachine, pathSet=["name", "runtime.powerState"])])
page = pc.RetrievePropertiesEx([spec], PC.RetrieveOptions(maxObjects=2))
n = len(page.objects)
while page.token:
    page = pc.ContinueRetrievePropertiesEx(page.token)
    n += len(page.objects)
check("pages", n == len(vms), n)
own = pc.CreatePropertyCollector()
own.CreateFilter(spec, False)
update = own.WaitForUpdatesEx("", PC.WaitOptions(maxWaitSeconds=1))
check("updates", len(update.filterSet[0].objectSet) == len(vms))
check("and no more", own.WaitForUpdatesEx(update.version, PC.WaitOptions(maxWaitSeconds=1)) is None)
refuses("an old version", vmodl.query.InvalidCollectorVersion,
        lambda: own.WaitForUpdatesEx("12345", PC.WaitOptions(maxWaitSeconds=1)))
own.Destroy()

own = pc.CreatePropertyCollector()  # of that VM alone: a guest elsewhere still shuts down
own.CreateFilter(PC.FilterSpec(
    objectSet=[PC.ObjectSpec(obj=vm)],
    propSet=[PC.PropertySpec(type=vim.VirtualMachine, pathSet=["runtime.powerState"])]), False)
update = own.WaitForUpdatesEx("", PC.WaitOptions(maxWaitSeconds=1))


def wait(seconds, results):
    """In seconds of the site, which runs 20 times faster."""
    began = time.monotonic()
    try:
        results.append(own.WaitForUpdatesEx(update.version, PC.WaitOptions(maxWaitSeconds=seconds)))
    except Exception as e:
        results.append(e)
    results.append(time.monotonic() - began)


results = []
wait(20, results)
check("a wait waits", results[0] is None and 0.9 <= results[1] < 5, results)
for what, act, state in (("off", vm.PowerOff, "poweredOff"), ("on", vm.PowerOn, "poweredOn")):
    results = []
    waiter = threading.Thread(target=wait, args=(1200, results))
    waiter.start()
    time.sleep(0.5)
    WaitForTask(act())
    ended = time.monotonic()
    waiter.join(20)
    took = time.monotonic() - ended
    if results and isinstance(results[0], PC.UpdateSet):
        changes = [c.val for s in results[0].filterSet for o in s.objectSet for c in o.changeSet]
        update = results[0]
    else:
        changes = results
    check("a wait hears of a power " + what, changes == [state] and took < 1, [changes, took])
results = []
waiter = threading.Thread(target=wait, args=(1200, results))
waiter.start()
time.sleep(0.5)
own.CancelWaitForUpdates()
waiter.join(20)
check("a wait is canceled", results and isinstance(results[0], vmodl.fault.RequestCanceled),
      results)
own.Destroy()
everything = pc.RetrieveContents([PC.FilterSpec(
    objectSet=[PC.ObjectSpec(obj=o) for o in (vm, host, vm.resourcePool, content.rootFolder, perf)],
    propSet=[PC.PropertySpec(type=t, all=True) for t in (
        vim.VirtualMachine, vim.HostSystem, vim.ResourcePool, vim.Folder,
        vim.PerformanceManager)])])
check("whole objects", len(everything) == 5 and all(o.propSet for o in everything))
refuses("no such property", vmodl.query.InvalidProperty, lambda: pc.RetrieveContents([
    PC.FilterSpec(objectSet=[PC.ObjectSpec(obj=vm)],
                  propSet=[PC.PropertySpec(type=vim.VirtualMachine, pathSet=["nonsense"])])]))
view.Destroy()
Disconnect(si)
sys.exit(1 if failures else 0)
