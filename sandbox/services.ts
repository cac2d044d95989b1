/** Makes every service of the sandbox and hands each the ports of the others it works with. */
import { AcmService } from './acm/service.ts';
import { ApplicationAutoScalingService } from './application-auto-scaling/service.ts';
import { AthenaService } from './athena/service.ts';
import type { SandboxClock } from './clock.ts';
import { Journal } from './cloudtrail/journal.ts';
import { CloudTrailService } from './cloudtrail/service.ts';
import { CloudWatchService } from './cloudwatch/service.ts';
import { CodeDeployService } from './codedeploy/service.ts';
import type { CredentialStore } from './credentials.ts';
import { DynamoDbService } from './dynamodb/service.ts';
import { Networks } from './ec2/networks.ts';
import { EcsService } from './ecs/service.ts';
import { EksService } from './eks/service.ts';
import { EventsService } from './events/service.ts';
import type { Faults } from './faults.ts';
import { Iam } from './iam/iam.ts';
import { IamService } from './iam/service.ts';
import { KmsService } from './kms/service.ts';
import { LambdaService } from './lambda/service.ts';
import { LogsService } from './logs/service.ts';
import type { StatesPort } from './ports.ts';
import type { RequestLog } from './request-log.ts';
import { S3Service } from './s3/service.ts';
import { SecretsManagerService } from './secrets-manager/service.ts';
import type { AwsService } from './service.ts';
import { SnsService } from './sns/service.ts';
import { SqsService } from './sqs/service.ts';
import { SsmService } from './ssm/service.ts';
import { StepFunctionsService } from './step-functions/service.ts';
import { StsService } from './sts/service.ts';
import type { Services } from './template/resource-type.ts';

export interface ServicesSettings {
  account: string;
  region: string;
  clock: SandboxClock;
  credentials: CredentialStore;
  faults: Faults;
  requests: RequestLog;
  endpoint: () => string;
}

export interface AllServices extends Services {
  acm: AcmService;
  applicationAutoScaling: ApplicationAutoScalingService;
  cloudtrail: CloudTrailService;
  codedeploy: CodeDeployService;
  ecs: EcsService;
  eks: EksService;
  secretsManager: SecretsManagerService;
  iam: Iam;
  /** By signing name. */
  bySigningName: ReadonlyMap<string, AwsService>;
}

export function makeServices(settings: ServicesSettings): AllServices {
  const { account, region, clock } = settings;
  const place = { account, region, clock };
  const iam = new Iam(place);
  const trail = new Journal({ ...place, identityArn: (caller) => iam.identityArn(caller) });
  settings.requests.onAnswered((call) => trail.answered(call));
  const kms = new KmsService({ ...place, iam, trail });
  const sns = new SnsService({ ...place, iam, keys: kms });
  const metrics = new CloudWatchService({ ...place, topics: sns });
  const onLine = (line: string) => metrics.logged(line);
  const logs = new LogsService({ ...place, iam, keys: kms, onLine });
  const sqs = new SqsService({ ...settings, iam, keys: kms, metrics });
  const networks = new Networks();
  const lambda = new LambdaService({ ...settings, iam, logs, metrics, queues: sqs });
  // Rules start executions and executions publish events: one of the two is named before it is made.
  const states: StatesPort = {
    startExecution: (...execution) => stepFunctions.startExecution(...execution),
  };
  const targets = { lambda, states, topics: sns, queues: sqs, logGroups: logs };
  const events = new EventsService({ ...place, iam, metrics, ...targets });
  const s3 = new S3Service({ ...place, iam, kms });
  const { faults, requests } = settings;
  const seen = { metrics, s3, faults, requests };
  const stepFunctions = new StepFunctionsService({ ...place, iam, lambda, events, ...seen });
  const secretsManager = new SecretsManagerService({ ...place, iam, kms, lambda, events, trail });
  const athena = new AthenaService({ ...place, iam, s3 });
  const cloudtrail = new CloudTrailService({ ...place, journal: trail, s3 });
  const dynamodb = new DynamoDbService(place);
  const ssm = new SsmService({ ...place, iam, kms });
  const acm = new AcmService(place);
  const ecs = new EcsService(place);
  const eks = new EksService(settings);
  const applicationAutoScaling = new ApplicationAutoScalingService({ ...place, iam, ecs });
  const codedeploy = new CodeDeployService({ ...place, ecs });
  const all: AwsService[] = [
    ...[acm, dynamodb, ecs, events, kms, lambda, logs, metrics, s3, secretsManager, sns, sqs, ssm],
    ...[applicationAutoScaling, athena, cloudtrail, codedeploy, eks, stepFunctions],
    new StsService({ account, clock, credentials: settings.credentials, iam }),
    new IamService(iam),
  ];
  const bySigningName = new Map(all.map((service) => [service.signingName, service]));
  return {
    networks,
    ...{
      acm,
      applicationAutoScaling,
      athena,
      cloudtrail,
      codedeploy,
      dynamodb,
      ecs,
      eks,
      events,
      iam,
      kms,
      lambda,
      logs,
      s3,
      secretsManager,
      sns,
      sqs,
      ssm,
      stepFunctions,
    },
    cloudwatch: metrics,
    bySigningName,
  };
}
