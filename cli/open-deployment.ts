/**
 * Finds the deployment a command is about. Its manifest lies in Parameter Store, so that on-call needs no
 * checkout; nothing here changes anything, and nothing reads a value.
 *
 * 1. Who is calling, and where: STS answers everybody.
 * 2. Either every endpoint is on this machine and the account is the sandbox's, or neither: a call meant for
 *    the sandbox must not reach AWS, nor one for AWS the sandbox.
 * 3. Which deployment: `--deployment`, QUARTERTURN_DEPLOYMENT, or the only one there is.
 */
import type { Manifest } from '../domain/config/manifest.ts';
import { manifestRoot, type Scope } from '../domain/config/names.ts';
import { isAwsError } from '../doors/aws-call.ts';
import type { CallerIdentity } from '../doors/caller-identity.ts';
import type { Clock } from '../doors/clock.ts';
import type { DeploymentsDoor } from '../doors/deployments.ts';
import type { RandomSource } from '../doors/random.ts';
import type { DeploymentOptions, OpenDeployment } from './command.ts';
import { EndpointMismatchError, UnknownDeploymentError, UsageError } from './errors.ts';

export interface Surroundings {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly connect: (region?: string, profile?: string) => DeploymentsDoor;
  readonly clock: Clock;
  readonly random: RandomSource;
}

/** The sandbox's, and no account of AWS. */
const sandboxAccount = '000000000000';

export const inSandbox = ({ account }: { readonly account: string }): boolean =>
  account === sandboxAccount;

/**
 * @throws UnknownDeploymentError, EndpointMismatchError, UsageError, NoRegionError, NoCredentialsError,
 * EndpointUnreachableError, ManifestError, AwsCallError
 */
export async function openDeployment(
  options: DeploymentOptions,
  { environment, connect, clock, random }: Surroundings,
): Promise<OpenDeployment> {
  const asked = options.deployment ?? (environment.QUARTERTURN_DEPLOYMENT || undefined);
  const scope = asked === undefined ? undefined : parseDeployment(asked);
  const door = connect(options.region, options.profile);
  const caller = await door.caller();
  const endpoint = endpointFor(caller, await door.endpoints());
  const manifest = await manifestOf(door, caller, scope);
  return {
    ...door.doorsTo(manifest),
    manifest,
    caller: { ...caller, ...(endpoint !== undefined && { endpoint }) },
    clock,
    newToken: async () => (await random.bytes(16)).toString('hex'),
  };
}

function parseDeployment(text: string): Scope {
  const [, name, environment] = /^([a-z0-9-]+)\/([a-z0-9-]+)$/.exec(text) ?? [];
  if (name === undefined || environment === undefined) {
    throw new UsageError(
      `"${text}" names no deployment; expected <name>/<environment> as in rotation.config.ts, e.g. pharmacy/prod.`,
    );
  }
  return { name, environment };
}

/** @returns where calls go, when that is not AWS itself */
function endpointFor(
  caller: CallerIdentity,
  endpoints: Readonly<Record<string, string>>,
): string | undefined {
  const entries = Object.entries(endpoints);
  const local = entries.filter(([, url]) => isLoopback(url));
  const sandboxed = inSandbox(caller);
  const expected = sandboxed ? entries.length : 0;
  if (local.length !== expected) {
    const listed = entries.map(([service, url]) => `${service} ${url}`).join(', ');
    throw new EndpointMismatchError(
      `The credentials are of account ${caller.account}${sandboxed ? ', the sandbox’s' : ''}, and the services are reached at: ${listed}. Expected ${
        sandboxed
          ? 'every endpoint on 127.0.0.1: set AWS_ENDPOINT_URL to the URL the sandbox printed, and unset its forms for one service'
          : 'no endpoint on this machine: unset AWS_ENDPOINT_URL, or use the keys the sandbox printed'
      }. Nothing was changed.`,
    );
  }
  // Of any service: a function's answer is as good as what a person confirms.
  const elsewhere = [...new Set(Object.values(endpoints).filter((url) => !isAws(url)))];
  return elsewhere.length === 0 ? undefined : elsewhere.join(', ');
}

const isLoopback = (url: string): boolean =>
  /^(localhost|.+\.localhost|127(\.\d+){3}|\[::1\])$/.test(new URL(url).hostname);

/** amazonaws.com and amazonaws.com.cn, api.aws for dual-stack (AWS General Reference, "Service endpoints"). */
const isAws = (url: string): boolean =>
  /\.(amazonaws\.com(\.cn)?|api\.aws)$/.test(new URL(url).hostname);

async function manifestOf(
  door: DeploymentsDoor,
  caller: CallerIdentity,
  asked: Scope | undefined,
): Promise<Manifest> {
  const place = `account ${caller.account}, region ${caller.region}`;
  if (asked !== undefined) {
    let denied: unknown;
    const manifest = await door.manifest(asked).catch((error: unknown) => {
      if (!isAwsError(error, 'AccessDeniedException')) throw error;
      denied = error;
    });
    if (manifest !== undefined) return manifest;
    throw new UnknownDeploymentError(
      `There is no deployment ${nameOf(asked)} in ${place}; ${await whatThereIs(door, asked, denied)}`,
    );
  }
  const found = await door.list();
  const [only] = found;
  if (only === undefined || found.length > 1) {
    throw new UnknownDeploymentError(
      only === undefined
        ? `No deployment was found in ${place}: nothing lies below ${manifestRoot}/ in Parameter Store. Expected one; check account and region, or deploy it with \`npx cdk deploy\`.`
        : `There are ${found.length} deployments in ${place}: ${found.map(nameOf).join(', ')}. Expected one of them to be named: --deployment ${nameOf(only)}, or QUARTERTURN_DEPLOYMENT.`,
    );
  }
  const manifest = await door.manifest(only);
  if (manifest === undefined) {
    throw new UnknownDeploymentError(
      `Deployment ${nameOf(only)} in ${place} was removed a moment ago; expected its manifest. Try again.`,
    );
  }
  return manifest;
}

/**
 * Who may not list was named another deployment; that is no reason for a second error.
 * @param denied why the manifest could not be read: on-call may read that of its own deployment, and of a
 * misspelt one AWS says "denied", not "absent". It is thrown where the list does not show that it is absent.
 */
async function whatThereIs(door: DeploymentsDoor, asked: Scope, denied: unknown): Promise<string> {
  try {
    const found = (await door.list()).map(nameOf);
    if (denied !== undefined && found.includes(nameOf(asked))) throw denied;
    return found.length === 0
      ? 'there is none at all. Check account and region, or deploy it with `npx cdk deploy`.'
      : `expected one of: ${found.join(', ')}.`;
  } catch (error) {
    if (denied === undefined && isAwsError(error, 'AccessDeniedException')) {
      return 'which there are, these credentials may not list. Check name, account and region.';
    }
    throw denied ?? error;
  }
}

const nameOf = ({ name, environment }: Scope): string => `${name}/${environment}`;
