/** Every type of resource the sandbox makes. */
import type { ResourceType } from './resource-type.ts';
import { workGroup } from './resources/athena.ts';
import { alarm } from './resources/cloudwatch.ts';
import { dashboard } from './resources/dashboard.ts';
import { table } from './resources/dynamodb.ts';
import {
  route,
  routeTable,
  securityGroup,
  securityGroupEgress,
  securityGroupIngress,
  subnet,
  subnetRouteTableAssociation,
  vpc,
} from './resources/ec2.ts';
import { eventBus, eventBusPolicy, rule } from './resources/events.ts';
import { database, glueTable } from './resources/glue.ts';
import { managedPolicy, policy, role } from './resources/iam.ts';
import { alias, key } from './resources/kms.ts';
import { eventInvokeConfig, functionUrl, lambdaFunction, permission } from './resources/lambda.ts';
import { logGroup, logsResourcePolicy } from './resources/logs.ts';
import { bucket, bucketPolicy } from './resources/s3.ts';
import { resourcePolicy, rotationSchedule, secret } from './resources/secrets-manager.ts';
import { subscription, topic, topicPolicy } from './resources/sns.ts';
import { queue, queuePolicy } from './resources/sqs.ts';
import { parameter } from './resources/ssm.ts';
import { stateMachine } from './resources/step-functions.ts';
import { flowLog, vpcEndpoint } from './resources/vpc-endpoint.ts';

export const RESOURCE_TYPES: Readonly<Record<string, ResourceType>> = {
  'AWS::Athena::WorkGroup': workGroup,
  'AWS::CloudWatch::Alarm': alarm,
  'AWS::CloudWatch::Dashboard': dashboard,
  'AWS::DynamoDB::Table': table,
  'AWS::EC2::FlowLog': flowLog,
  'AWS::EC2::Route': route,
  'AWS::EC2::RouteTable': routeTable,
  'AWS::EC2::SecurityGroup': securityGroup,
  'AWS::EC2::SecurityGroupEgress': securityGroupEgress,
  'AWS::EC2::SecurityGroupIngress': securityGroupIngress,
  'AWS::EC2::Subnet': subnet,
  'AWS::EC2::SubnetRouteTableAssociation': subnetRouteTableAssociation,
  'AWS::EC2::VPC': vpc,
  'AWS::EC2::VPCEndpoint': vpcEndpoint,
  'AWS::Events::EventBus': eventBus,
  'AWS::Events::EventBusPolicy': eventBusPolicy,
  'AWS::Events::Rule': rule,
  'AWS::Glue::Database': database,
  'AWS::Glue::Table': glueTable,
  'AWS::IAM::ManagedPolicy': managedPolicy,
  'AWS::IAM::Policy': policy,
  'AWS::IAM::Role': role,
  'AWS::KMS::Alias': alias,
  'AWS::KMS::Key': key,
  'AWS::Lambda::EventInvokeConfig': eventInvokeConfig,
  'AWS::Lambda::Function': lambdaFunction,
  'AWS::Lambda::Permission': permission,
  'AWS::Lambda::Url': functionUrl,
  'AWS::Logs::LogGroup': logGroup,
  'AWS::Logs::ResourcePolicy': logsResourcePolicy,
  'AWS::S3::Bucket': bucket,
  'AWS::S3::BucketPolicy': bucketPolicy,
  'AWS::SNS::Subscription': subscription,
  'AWS::SNS::Topic': topic,
  'AWS::SNS::TopicPolicy': topicPolicy,
  'AWS::SQS::Queue': queue,
  'AWS::SQS::QueuePolicy': queuePolicy,
  'AWS::SSM::Parameter': parameter,
  'AWS::SecretsManager::ResourcePolicy': resourcePolicy,
  'AWS::SecretsManager::RotationSchedule': rotationSchedule,
  'AWS::SecretsManager::Secret': secret,
  'AWS::StepFunctions::StateMachine': stateMachine,
};
