# Run by sim_boto3.sh: what an administrator's script reads of a region.
import datetime
import email.utils
import json
import os
import sys
import time

import boto3
import botocore.auth
from botocore.config import Config
from botocore.exceptions import ClientError

base, region = os.environ["BASE"], os.environ["AWS_REGION"]
failures = 0


def client(service, **more):
    args = {"region_name": region, "endpoint_url": f"{base}/{service}/",
            "config": Config(retries={"max_attempts": 1})}
    return boto3.client(service, **{**args, **more})


def check(what, ok, text=""):
    global failures
    print("ok  " if ok else "FAIL", what, text)
    failures += not ok


def refuses(what, code, call, **more):
    try:
        call(**more)
        check(what, False, "was taken")
    except ClientError as e:
        check(what, e.response["Error"]["Code"] == code, e.response["Error"]["Code"])


ec2 = client("ec2")
check("who am I", client("sts").get_caller_identity()["Account"].isdigit())
ours = [{"Name": "tag:rushhour:deployment", "Values": ["haifa"]}]
for _ in range(40):  # the world starts the instance in its own time
    found = [i for r in ec2.describe_instances(Filters=ours)["Reservations"]
             for i in r["Instances"]]
    if found and found[0]["State"]["Name"] == "running":
        break
    time.sleep(0.5)
i = found[0]
check("instance", i["InstanceId"] == os.environ["INSTANCE"] and i["State"]["Code"] == 16 and
      i["InstanceLifecycle"] == "spot", i["InstanceType"])
check("its interface", i["NetworkInterfaces"][0]["NetworkInterfaceId"] == os.environ["ENI"])
request = ec2.describe_spot_instance_requests(
    Filters=[{"Name": "instance-id", "Values": [i["InstanceId"]]}])["SpotInstanceRequests"][0]
check("spot request", request["SpotInstanceRequestId"] == i["SpotInstanceRequestId"] and
      request["State"] == "active" and request["Status"]["Code"] == "fulfilled")
eni = ec2.describe_network_interfaces(NetworkInterfaceIds=[os.environ["ENI"]])
eni = eni["NetworkInterfaces"][0]
check("interface", eni["Status"] == "in-use" and
      eni["Attachment"]["InstanceId"] == i["InstanceId"] and
      not eni["Attachment"]["DeleteOnTermination"])
since = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=3)
args = {"InstanceTypes": [i["InstanceType"]], "ProductDescriptions": ["Linux/UNIX"],
        "StartTime": since}
whole = ec2.describe_spot_price_history(**args)["SpotPriceHistory"]
pages = list(ec2.get_paginator("describe_spot_price_history").paginate(
    **args, PaginationConfig={"PageSize": 5}))
paged = [p for page in pages for p in page["SpotPriceHistory"]]
check("prices", len(whole) > 5 and len(paged) >= len(whole) and len(pages) > 1, len(paged))
check("the price before", any(p["Timestamp"] <= since for p in whole))

pricing = client("pricing", region_name="us-east-1")  # the list is there
plain = {"regionCode": region, "operatingSystem": "Linux", "tenancy": "Shared",
         "preInstalledSw": "NA", "capacitystatus": "Used", "marketoption": "OnDemand"}


def filters(**more):
    return [{"Type": "TERM_MATCH", "Field": k, "Value": v} for k, v in {**plain, **more}.items()]


def hour(product):
    term, = product["terms"]["OnDemand"].values()
    dimension, = term["priceDimensions"].values()
    return dimension["unit"], float(dimension["pricePerUnit"]["USD"])


for name in i["InstanceType"], "c5a.2xlarge", "m5.2xlarge":
    found = pricing.get_products(ServiceCode="AmazonEC2", FormatVersion="aws_v1",
                                 Filters=filters(instanceType=name))["PriceList"]
    products = [json.loads(p) for p in found]
    check("on-demand price", len(products) == 1 and
          products[0]["product"]["attributes"]["instanceType"] == name and
          hour(products[0])[0] == "Hrs" and 0.1 < hour(products[0])[1] < 0.3, hour(products[0]))
check("dearer than spot", hour(products[0])[1] > float(whole[0]["SpotPrice"]))
every = [json.loads(p) for page in pricing.get_paginator("get_products").paginate(
    ServiceCode="AmazonEC2", PaginationConfig={"PageSize": 4}) for p in page["PriceList"]]
check("all pages", len(every) > 8 and len({p["product"]["sku"] for p in every}) == len(every) and
      any(hour(p)[1] == 0 for p in every), len(every))
refuses("unknown service", "NotFoundException", pricing.get_products, ServiceCode="AmazonS3")
refuses("a stale token", "ExpiredNextTokenException", pricing.get_products,
        ServiceCode="AmazonEC2", NextToken="x")
refuses("a list signed elsewhere", "InvalidSignatureException",
        client("pricing").get_products, ServiceCode="AmazonEC2")
refuses("a list with a wrong key", "UnrecognizedClientException",
        client("pricing", region_name="us-east-1", aws_access_key_id="AKIANO",
               aws_secret_access_key="no").get_products, ServiceCode="AmazonEC2")
refuses("services", "UnknownOperationException", pricing.describe_services)
free = [n["NetworkInterfaceId"] for n in ec2.describe_network_interfaces()["NetworkInterfaces"]
        if n["Status"] == "available"][0]
wanted = {
    "MinCount": 1, "MaxCount": 1, "InstanceType": "c5.2xlarge", "ClientToken": "rh1-peer",
    "LaunchTemplate": {"LaunchTemplateName": "rushhour-tests", "Version": "$Default"},
    "InstanceMarketOptions": {"MarketType": "spot", "SpotOptions": {
        "SpotInstanceType": "one-time", "InstanceInterruptionBehavior": "terminate"}},
    "NetworkInterfaces": [{"DeviceIndex": 0, "NetworkInterfaceId": free,
                           "DeleteOnTermination": False}],
    "MetadataOptions": {"HttpTokens": "required"}, "UserData": "#!/bin/sh\n",
    "TagSpecifications": [{"ResourceType": "instance", "Tags": [
        {"Key": "rushhour:deployment", "Value": "peer"},
        {"Key": "rushhour:server", "Value": "write-back"}]}]}
refuses("dry run of a launch", "DryRunOperation", ec2.run_instances, **wanted, DryRun=True)
first = ec2.run_instances(**wanted)["Instances"][0]
check("launch", first["State"]["Name"] == "pending" and first["InstanceLifecycle"] == "spot" and
      first["NetworkInterfaces"][0]["NetworkInterfaceId"] == free, first["InstanceId"])
again = ec2.run_instances(**wanted)["Instances"][0]
check("the same token", again["InstanceId"] == first["InstanceId"])
refuses("the token of another launch", "IdempotentParameterMismatch", ec2.run_instances,
        **{**wanted, "InstanceType": "m5.2xlarge"})
refuses("an interface in use", "InvalidNetworkInterface.InUse", ec2.run_instances,
        **{**wanted, "ClientToken": "rh1-peer-2"})
peer = [{"Name": "tag:rushhour:deployment", "Values": ["peer"]}]
for _ in range(40):  # its tags are indexed after a while
    if ec2.describe_instances(Filters=peer)["Reservations"]:
        break
    time.sleep(0.2)
check("found by its tag", len(ec2.describe_instances(Filters=peer)["Reservations"]) == 1)
for _ in range(2):
    end = ec2.terminate_instances(InstanceIds=[first["InstanceId"]])["TerminatingInstances"][0]
    check("terminate", end["CurrentState"]["Name"] in ("shutting-down", "terminated"))
for _ in range(60):
    eni = ec2.describe_network_interfaces(NetworkInterfaceIds=[free])["NetworkInterfaces"][0]
    if eni["Status"] == "available":
        break
    time.sleep(0.5)
check("its interface is free again", eni["Status"] == "available")

sqs = client("sqs")
queue = f"{base}/sqs/{client('sts').get_caller_identity()['Account']}/rushhour"
sqs.send_message(QueueUrl=queue, MessageBody="hello")
seen = {}
for _ in range(20):  # what the region told of its instance, in no order
    for m in sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10,
                                 WaitTimeSeconds=1).get("Messages", []):
        seen[m["ReceiptHandle"]] = m["Body"]
    events = [json.loads(b) for b in seen.values() if b.startswith("{")]
    if "hello" in seen.values() and any(e["detail"].get("state") == "running" for e in events):
        break
check("events", any(e["detail-type"] == "EC2 Instance State-change Notification" and
                    e["detail"]["instance-id"] == os.environ["INSTANCE"] for e in events),
      len(events))
check("a message of ours", "hello" in seen.values())
gone = sqs.delete_message_batch(QueueUrl=queue, Entries=[
    {"Id": f"m{n}", "ReceiptHandle": r} for n, r in enumerate(list(seen)[:10])])
check("deleted", len(gone["Successful"]) == min(10, len(seen)) and not gone.get("Failed"))
refuses("another queue", "QueueDoesNotExist", sqs.receive_message, QueueUrl=queue + "s")
refuses("another's receipt", "ReceiptHandleIsInvalid", sqs.delete_message, QueueUrl=queue,
        ReceiptHandle="AQEB")

refuses("unknown id", "InvalidInstanceID.NotFound", ec2.describe_instances,
        InstanceIds=["i-00000000000000000"])
refuses("dry run", "DryRunOperation", ec2.describe_instances, DryRun=True)
refuses("unknown filter", "InvalidParameterValue", ec2.describe_instances,
        Filters=[{"Name": "colour", "Values": ["é x/~*"]}])
refuses("unknown action", "InvalidAction", ec2.describe_images)
refuses("wrong secret", "SignatureDoesNotMatch",
        client("ec2", aws_access_key_id=os.environ["AWS_ACCESS_KEY_ID"],
               aws_secret_access_key="no").describe_instances)
refuses("wrong key", "AuthFailure",
        client("ec2", aws_access_key_id="AKIANO", aws_secret_access_key="no").describe_instances)
refuses("wrong region", "SignatureDoesNotMatch",
        client("ec2", region_name="us-east-1").describe_instances)
refuses("a session token that nobody gave", "AuthFailure",
        client("ec2", aws_access_key_id=os.environ["AWS_ACCESS_KEY_ID"],
               aws_secret_access_key=os.environ["AWS_SECRET_ACCESS_KEY"],
               aws_session_token="FwoGZXIvYXdzE").describe_instances)
whole = {i["InstanceId"] for r in ec2.describe_instances()["Reservations"] for i in r["Instances"]}
pages = list(ec2.get_paginator("describe_instances").paginate(PaginationConfig={"PageSize": 5}))
paged = [i["InstanceId"] for page in pages for r in page["Reservations"] for i in r["Instances"]]
check("instances by pages", set(paged) == whole and len(paged) == len(whole), len(paged))
refuses("a page that is none", "InvalidPaginationToken", ec2.describe_instances, MaxResults=5,
        NextToken="nonsense")


def dated(minutes, what, call, code):
    """A request as a machine with a wrong clock signs it; the answer has the right time."""
    real = botocore.auth.get_current_datetime
    botocore.auth.get_current_datetime = lambda *args, **more: (
        real(*args, **more) + datetime.timedelta(minutes=minutes))
    try:
        call()
        check(what, code is None, "was taken")
    except ClientError as e:
        date = email.utils.parsedate_to_datetime(
            e.response["ResponseMetadata"]["HTTPHeaders"]["date"])
        check(what, e.response["Error"]["Code"] == code and
              abs(date - datetime.datetime.now(datetime.timezone.utc)) <
              datetime.timedelta(hours=12), f'{e.response["Error"]["Code"]}, it is {date}')
    finally:
        botocore.auth.get_current_datetime = real


dated(10, "a clock ten minutes fast", ec2.describe_instances, None)
dated(-60 * 24, "a clock a day slow", ec2.describe_instances, "RequestExpired")
dated(-60 * 24, "a clock a day slow, of a queue",
      lambda: sqs.receive_message(QueueUrl=queue), "InvalidSignatureException")
sys.exit(1 if failures else 0)
