#!/bin/sh
# Drives the simulated region with the AWS CLI, as an administrator would by hand.
set -u
. "$(dirname "$0")/lib.sh"

need_python awscli awscli==1.46.3
aws=$folder/awscli/bin/aws
serve 20
export AWS_DEFAULT_REGION="$AWS_REGION" AWS_EC2_METADATA_DISABLED=true AWS_PAGER=
export AWS_CONFIG_FILE="$scratch/none" AWS_SHARED_CREDENTIALS_FILE="$scratch/none"
export AWS_MAX_ATTEMPTS=1 HOME="$scratch"
export AWS_ENDPOINT_URL_EC2="$BASE/ec2/" AWS_ENDPOINT_URL_STS="$BASE/sts/"
export AWS_ENDPOINT_URL_PRICING="$BASE/pricing/" AWS_ENDPOINT_URL="$BASE/" # and nowhere else

account=$("$aws" sts get-caller-identity --query Account --output text 2>"$scratch/err")
case $account in
[0-9]*) ok "sts get-caller-identity" ;;
*) fail "sts get-caller-identity: $(tail -n 1 "$scratch/err")" ;;
esac
expect "ec2 describe-instances by tag" "$INSTANCE" "$aws" ec2 describe-instances \
    --filters Name=tag:rushhour:server,Values=cache --query 'Reservations[].Instances[].InstanceId'
expect "ec2 describe-instances by id" '"InstanceLifecycle": "spot"' "$aws" ec2 describe-instances \
    --instance-ids "$INSTANCE"
expect "ec2 describe-instances, an id that is none" "InvalidInstanceID.NotFound" \
    "$aws" ec2 describe-instances --instance-ids i-00000000000000000
expect "ec2 describe-network-interfaces" "$ENI" "$aws" ec2 describe-network-interfaces \
    --network-interface-ids "$ENI" --output text
expect "ec2 describe-spot-instance-requests" "fulfilled" "$aws" ec2 describe-spot-instance-requests \
    --filters Name=instance-id,Values="$INSTANCE" --query 'SpotInstanceRequests[].Status.Code'

free=$("$aws" ec2 describe-network-interfaces --filters Name=status,Values=available \
    --query 'NetworkInterfaces[0].NetworkInterfaceId' --output text 2>"$scratch/err")
launch() { # token, what else …
    token=$1
    shift
    "$aws" ec2 run-instances --launch-template LaunchTemplateName=rushhour-tests --count 1 \
        --instance-type c5.2xlarge --client-token "$token" \
        --network-interfaces "DeviceIndex=0,NetworkInterfaceId=$free,DeleteOnTermination=false" \
        --instance-market-options 'MarketType=spot,SpotOptions={SpotInstanceType=one-time}' \
        --tag-specifications 'ResourceType=instance,Tags=[{Key=rushhour:deployment,Value=cli}]' \
        --query 'Instances[0].InstanceId' --output text "$@" 2>&1 | grep -v '^ *$'
}
dry=$(launch rh1-cli --dry-run)
case $dry in
*DryRunOperation*) ok "ec2 run-instances, dry run" ;;
*) fail "ec2 run-instances, dry run: $dry" ;;
esac
first=$(launch rh1-cli)
case $first in
i-*) ok "ec2 run-instances: $first" ;;
*) fail "ec2 run-instances: $first" ;;
esac
again=$(launch rh1-cli)
[ "$again" = "$first" ] && ok "the same token gives the same instance" || fail "the same token: $again"
other=$(launch rh1-cli --ebs-optimized)
case $other in
*IdempotentParameterMismatch* | *UnknownParameter*) ok "the token of another launch is refused" ;;
*) fail "the token of another launch: $other" ;;
esac
expect "ec2 terminate-instances" "shutting-down" "$aws" ec2 terminate-instances \
    --instance-ids "$first"
expect "ec2 terminate-instances twice" "$first" "$aws" ec2 terminate-instances \
    --instance-ids "$first"

prices() { # what else …
    "$aws" ec2 describe-spot-price-history --instance-types c5.2xlarge \
        --product-descriptions Linux/UNIX --start-time 2020-01-01T00:00:00Z \
        --query 'length(SpotPriceHistory)' --output text "$@" 2>"$scratch/err" |
        awk '{ n += $1 } END { print n, NR }' # a line for each page
}
whole=$(prices)
paged=$(prices --page-size 100)
if [ "${whole% *}" -gt 100 ] && [ "${paged% *}" -ge "${whole% *}" ] && [ "${paged#* }" -gt 1 ]; then
    ok "ec2 describe-spot-price-history: ${whole% *}, and ${paged% *} in ${paged#* } pages"
else
    fail "ec2 describe-spot-price-history: $whole, by pages $paged, $(tail -n 1 "$scratch/err")"
fi
expect "ec2 describe-instances by pages" "$INSTANCE" "$aws" ec2 describe-instances --page-size 5 \
    --query 'Reservations[].Instances[].InstanceId'
expect "pricing get-products" "OnDemand" "$aws" pricing get-products --region us-east-1 \
    --service-code AmazonEC2 --max-items 1 --filters "Type=TERM_MATCH,Field=instanceType,Value=c5.2xlarge"

queue=$BASE/sqs/$account/rushhour
expect "sqs send-message" "MessageId" "$aws" sqs send-message --endpoint-url "$BASE/sqs/" --queue-url "$queue" --message-body hello
expect "sqs receive-message" "ReceiptHandle" "$aws" sqs receive-message --endpoint-url "$BASE/sqs/" --queue-url "$queue" \
    --wait-time-seconds 5 --max-number-of-messages 10
expect "sqs, a queue that is not there" "QueueDoesNotExist" "$aws" sqs receive-message --endpoint-url "$BASE/sqs/" \
    --queue-url "${queue}s"
AWS_SECRET_ACCESS_KEY=no expect "a wrong secret" "SignatureDoesNotMatch" \
    "$aws" ec2 describe-instances
AWS_DEFAULT_REGION=us-west-2 AWS_REGION=us-west-2 expect "another region" "SignatureDoesNotMatch" \
    "$aws" ec2 describe-instances
exit $failed
