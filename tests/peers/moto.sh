#!/bin/sh
# Runs our EC2 and queue clients against moto, an AWS simulator of another project, which checks every
# signature; with keys from each place of the chain, among them the instance metadata mock of AWS.
set -u
. "$(dirname "$0")/lib.sh"

need_ours tests/peers/ec2_peer
need_ours tests/peers/sqs_peer
need_python moto "moto[ec2,iam,server,sqs,sts]==5.1.22" boto3==1.43.11

# Three actions make the user that all later ones are signed by.
INITIAL_NO_AUTH_ACTION_COUNT=3 "$python" -c '
from moto.server import main
main(["-H", "127.0.0.1", "-p", "0"])' >"$scratch/log" 2>&1 &
pid=$!
pids=$pid
url=$(await "$scratch/log" 's/.*Running on \(http:[^ ]*\).*/\1/p' 60) || {
    cat "$scratch/log"
    die "moto does not start"
}

unset AWS_PROFILE AWS_SESSION_TOKEN AWS_ENDPOINT_URL AWS_ENDPOINT_URL_EC2
"$python" - "$url" "$scratch" <<'SETUP' || die "moto cannot be set up"
import json, os, sys
import boto3

url, scratch = sys.argv[1:]
region = "eu-west-1"
allow = json.dumps({"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Action": "*", "Resource": "*"}]})

def client(name, key="x", secret="x", token=None):
    return boto3.client(name, region_name=region, endpoint_url=url, aws_access_key_id=key,
                        aws_secret_access_key=secret, aws_session_token=token)

iam = client("iam")
iam.create_user(UserName="dana")
key = iam.create_access_key(UserName="dana")["AccessKey"]
iam.put_user_policy(UserName="dana", PolicyName="all", PolicyDocument=allow)
pair = (key["AccessKeyId"], key["SecretAccessKey"])

ec2 = client("ec2", *pair)
subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
eni = ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"]
image = ec2.describe_images()["Images"][0]["ImageId"]
instance = ec2.run_instances(
    ImageId=image, MinCount=1, MaxCount=1, InstanceType="c5.2xlarge",
    InstanceMarketOptions={"MarketType": "spot"}, SubnetId=subnet,
    TagSpecifications=[{"ResourceType": "instance", "Tags": [
        {"Key": "rushhour:deployment", "Value": "haifa & co *?"},
        {"Key": "rushhour:server", "Value": "cache"},
        {"Key": "rushhour:move-id", "Value": "m-1"}]}])["Instances"][0]["InstanceId"]
ec2.describe_instances()

sqs = client("sqs", *pair)
queue = sqs.create_queue(QueueName="rushhour")["QueueUrl"]

def event(kind, **detail):
    sqs.send_message(QueueUrl=queue, MessageBody=json.dumps({
        "version": "0", "id": "1", "detail-type": kind, "source": "aws.ec2",
        "time": "2026-11-22T07:00:00Z", "detail": {"instance-id": instance, **detail}}))

event("EC2 Spot Instance Interruption Warning", **{"instance-action": "terminate"})
event("EC2 Instance State-change Notification", state="running")
sqs.send_message(QueueUrl=queue, MessageBody="not an event")

iam = client("iam", *pair)
trust = json.dumps({"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "*"}}]})
role = iam.create_role(RoleName="r", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
iam.put_role_policy(RoleName="r", PolicyName="all", PolicyDocument=allow)

def fleet(deployment, n):
    ec2.run_instances(ImageId=image, MinCount=n, MaxCount=n, InstanceType="c5.2xlarge",
                      SubnetId=subnet, TagSpecifications=[{"ResourceType": "instance", "Tags": [
                          {"Key": "rushhour:deployment", "Value": deployment}]}])

for _ in range(8):  # its pages count reservations
    fleet("haifa & co *?", 1)
fleet("four", 4)
fleet("five hundred", 500)
short = client("sts", *pair).assume_role(RoleArn=role, RoleSessionName="session")["Credentials"]

def write(name, text):
    with open(os.open(os.path.join(scratch, name), os.O_WRONLY | os.O_CREAT, 0o600), "w") as f:
        f.write(text)

end = short["Expiration"].strftime("%Y-%m-%dT%H:%M:%SZ")
answer = {"AccessKeyId": short["AccessKeyId"], "SecretAccessKey": short["SecretAccessKey"],
          "Token": short["SessionToken"], "Expiration": end}
write("container.json", json.dumps(answer))
write("process.json", json.dumps({"Version": 1, "SessionToken": short["SessionToken"], **answer}))
write("metadata.json", json.dumps({"metadata": {"values": {
    "iam-security-credentials-role": "runner", "placement-region": region,
    "iam-security-credentials": {"Code": "Success", "Type": "AWS-HMAC", "LastUpdated": end,
                                 **answer}}}}))
write("config", f"[profile peer]\nregion = {region}\n"
      f"credential_process = cat {scratch}/process.json\n")
write("jwt", "a token that moto takes from everybody\n")
write("role", role)
write("variables", f"AWS_ACCESS_KEY_ID={pair[0]}\nAWS_SECRET_ACCESS_KEY={pair[1]}\n")
write("ids", f"eni={eni}\ninstance={instance}\nimage={image}\nqueue={queue}\n")
write("pair", f"[default]\naws_access_key_id = {pair[0]}\naws_secret_access_key = {pair[1]}\n")
write("short", "[default]\naws_access_key_id = {AccessKeyId}\naws_secret_access_key = "
      "{SecretAccessKey}\naws_session_token = {SessionToken}\n".format(**short))
write("wrong", f"[default]\naws_access_key_id = {pair[0]}\naws_secret_access_key = no\n")
SETUP
. "$scratch/ids"

unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_REGION AWS_DEFAULT_REGION
AWS_CONFIG_FILE=$scratch/none AWS_EC2_METADATA_DISABLED=true
export AWS_CONFIG_FILE AWS_SHARED_CREDENTIALS_FILE AWS_EC2_METADATA_DISABLED
run() { # keys, case, deployment, what else it takes
    AWS_SHARED_CREDENTIALS_FILE=$scratch/$1
    what=$2
    of=$3
    shift 3
    timeout 300 tests/peers/ec2_peer "$what" "$url" eu-west-1 "$of" "$@"
}
haifa='haifa & co *?'

echo "-- a pair of keys"
run pair all "$haifa" "$eni" "$instance" "$image" || fail "the calls did not all end well"
echo "-- its queue"
timeout 120 tests/peers/sqs_peer "$url" eu-west-1 "$queue" "$instance" || fail "the queue's calls did not all end well"
echo "-- keys with a session token"
run short all "$haifa" "$eni" "$instance" "$image" || fail "the calls did not all end well"
echo "-- what a poll costs"
run pair cost four || fail "the cost of a poll of 4"
run pair cost "five hundred" || fail "the cost of a poll of 500"

echo "-- a wrong secret"
if run wrong look "$haifa" "$eni" "$instance" >"$scratch/out" 2>&1; then
    fail "a wrong secret was taken"
elif grep -q 'AuthFailure\|SignatureDoesNotMatch' "$scratch/out"; then
    ok "$(grep -m 1 -o 'EC2 .*' "$scratch/out")"
else
    fail "a wrong secret:"
    grep -v '^ok' "$scratch/out" | sed 's/^FAIL/    /'
fi
run wrong skew "$haifa" || fail "a wrong clock"

# The rest of the chain: look with no keys but those of one place, and no region but its own.
look() { # where the keys are, region, variables …
    where=$1
    region=$2
    shift 2
    echo "-- keys of $where"
    if env AWS_SHARED_CREDENTIALS_FILE="$scratch/none" "$@" timeout 60 tests/peers/ec2_peer \
        look "$url" "$region" "$haifa" "$eni" "$instance" >"$scratch/out" 2>&1; then
        ok "keys of $where"
    else
        fail "keys of $where:"
        grep -v '^ok' "$scratch/out" | sed 's/^FAIL/    /'
    fi
}
# shellcheck disable=SC2046 # two words
look "the environment" "" AWS_REGION=eu-west-1 $(cat "$scratch/variables")
look "credential_process of a profile, and its region" "" \
    AWS_PROFILE=peer AWS_CONFIG_FILE="$scratch/config"
if run none look "$haifa" "$eni" "$instance" >"$scratch/out" 2>&1 ||
    ! grep -q 'no AWS keys: set AWS_ACCESS_KEY_ID' "$scratch/out"; then
    fail "no keys anywhere:"
    cat "$scratch/out"
else
    ok "no keys anywhere: what to set, and where"
fi
# One call that nobody signed: that is what web identity is for, and moto else takes none.
"$python" -c 'import sys, urllib.request
urllib.request.urlopen(urllib.request.Request(
    sys.argv[1] + "/moto-api/reset-auth", b"1", {"Content-Type": "text/plain"}), timeout=20)' \
    "$url" >/dev/null || fail "moto takes no unsigned call"
look "web identity" "" AWS_REGION=eu-west-1 AWS_WEB_IDENTITY_TOKEN_FILE="$scratch/jwt" \
    AWS_ROLE_ARN="$(cat "$scratch/role")" AWS_ENDPOINT_URL_STS="$url"

"$python" "$here/container_keys.py" "$scratch/container.json" "Basic peer" >"$scratch/keys.log" 2>&1 &
pid=$!
pids="$pids $pid"
keys=$(await "$scratch/keys.log" 's/^\(http:.*\)/\1/p' 20) || die "container_keys.py does not start"
look "a container" eu-west-1 AWS_CONTAINER_CREDENTIALS_FULL_URI="$keys" \
    AWS_CONTAINER_AUTHORIZATION_TOKEN="Basic peer"

if need_metadata_mock; then
    port=$("$python" -c 'import socket
s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    HOME=$scratch "$program_path" -n 127.0.0.1 -p "$port" --imdsv2 -c "$scratch/metadata.json" \
        >"$scratch/mock.log" 2>&1 &
    pid=$!
    pids="$pids $pid"
    await "$scratch/mock.log" '/Initiating.*on port/p' 20 >/dev/null || die "the metadata mock does not start"
    look "an instance, and its region" "" AWS_EC2_METADATA_DISABLED=false \
        AWS_EC2_METADATA_SERVICE_ENDPOINT="http://127.0.0.1:$port"
fi
[ "$failed" -eq 0 ] || tail -n 5 "$scratch/log"
exit $failed
