/**
 * CloudFormation, as far as a stack that stands is asked about and deleted. Templates do not come this way:
 * assets and a bootstrap bucket would come with them; `deploy` in process and under `/_sandbox/` takes an
 * assembly.
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/
 */
import { randomUUID } from 'node:crypto';
import type { AwsService, Operation } from '../service.ts';
import { stackId } from '../template/declarations.ts';
import type { Loaded } from '../template/load.ts';
import { StackOperationError } from '../template/stack-operation.ts';
import { type DeployedStack, validation } from './stack.ts';

type Input = Record<string, unknown>;

export class CloudFormationService implements AwsService {
  readonly signingName = 'cloudformation';
  readonly protocol = 'query';
  readonly operations: Readonly<Record<string, Operation>>;
  readonly #stack: DeployedStack;

  constructor(stack: DeployedStack) {
    this.#stack = stack;
    this.operations = {
      DescribeStacks: this.#operation('DescribeStacks', (loaded) => ({
        Stacks: [this.#describe(loaded)],
      })),
      DescribeStackEvents: this.#operation('DescribeStackEvents', () => ({
        StackEvents: [...stack.events()].reverse().map((event) => ({
          EventId: randomUUID(),
          LogicalResourceId: event.logicalId,
          PhysicalResourceId: event.physicalId,
          ResourceType: event.type,
          ResourceStatus: event.status,
          ResourceStatusReason: event.reason,
          Timestamp: event.time.toISOString(),
        })),
      })),
      DescribeStackResources: this.#operation('DescribeStackResources', (loaded) => ({
        StackResources: [...loaded.resources].map(([logicalId, { type, physicalId }]) => ({
          StackName: loaded.name,
          LogicalResourceId: logicalId,
          PhysicalResourceId: physicalId,
          ResourceType: type,
          ResourceStatus: 'CREATE_COMPLETE',
        })),
      })),
      UpdateTerminationProtection: this.#operation(
        'UpdateTerminationProtection',
        (loaded, { EnableTerminationProtection }) => {
          loaded.terminationProtection = String(EnableTerminationProtection) === 'true';
          return { StackId: this.#arn(loaded.name) };
        },
      ),
      // The answer comes when all is done: whoever waits for it finds it done.
      DeleteStack: this.#operation('DeleteStack', async () => {
        await stack.destroy().catch(unlessItEndedBadly);
        return {};
      }),
      ContinueUpdateRollback: this.#operation('ContinueUpdateRollback', async (_, input) => {
        const skip = Object.entries(input)
          .filter(([name]) => name.startsWith('ResourcesToSkip.member.'))
          .map(([, value]) => String(value));
        await stack.continueRollback(skip).catch(unlessItEndedBadly);
        return {};
      }),
    };
  }

  #operation(name: string, run: (loaded: Loaded, input: Input) => unknown): Operation {
    return {
      authorize: ({ StackName }) => [
        { action: `cloudformation:${name}`, resource: this.#arn(String(StackName ?? '*')) },
      ],
      run: async (input) => run(this.#find(String(input.StackName)), input),
    };
  }

  /** A stack that is deleted is found by its id alone; the sandbox forgets it. */
  #find(nameOrId: string): Loaded {
    const { loaded } = this.#stack;
    const gone = loaded === undefined || this.#stack.status === 'DELETE_COMPLETE';
    if (gone || (nameOrId !== loaded.name && nameOrId !== this.#arn(loaded.name))) {
      throw validation(`Stack with id ${nameOrId} does not exist`);
    }
    return loaded;
  }

  #describe(loaded: Loaded): object {
    return {
      StackId: this.#arn(loaded.name),
      StackName: loaded.name,
      StackStatus: this.#stack.status,
      EnableTerminationProtection: loaded.terminationProtection,
      CreationTime: this.#stack.created.toISOString(),
      Outputs: Object.entries(loaded.outputs).map(([OutputKey, OutputValue]) => ({
        OutputKey,
        OutputValue,
      })),
    };
  }

  #arn(name: string): string {
    const { region, account } = this.#stack.place;
    return name.startsWith('arn:') ? name : stackId(region, account, name);
  }
}

/** How it ended is the stack's status; the call itself was accepted. */
function unlessItEndedBadly(error: unknown): void {
  if (!(error instanceof StackOperationError)) {
    throw error;
  }
}
