/** SSM Parameter Store: parameters by name and by path. */
import type { SandboxClock } from '../clock.ts';
import { type AccessCheck, type AwsService, ServiceException } from '../service.ts';

interface Parameter {
  name: string;
  type: 'String' | 'StringList';
  value: string;
  version: number;
  modified: Date;
}

export interface SsmSettings {
  account: string;
  region: string;
  clock: SandboxClock;
}

export class SsmService implements AwsService {
  readonly signingName = 'ssm';
  readonly protocol = 'json-1.1';
  readonly targetPrefix = 'AmazonSSM';
  readonly operations: AwsService['operations'];
  readonly #settings: SsmSettings;
  readonly #parameters = new Map<string, Parameter>();

  constructor(settings: SsmSettings) {
    this.#settings = settings;
    const on = (action: string, member: string) => (input: Record<string, unknown>) =>
      this.#check(action, input[member]);
    this.operations = {
      GetParameter: {
        authorize: on('ssm:GetParameter', 'Name'),
        run: async ({ Name }) => ({ Parameter: this.#describe(this.#find(String(Name))) }),
      },
      PutParameter: {
        authorize: on('ssm:PutParameter', 'Name'),
        run: async (input) => this.#put(input),
      },
      GetParametersByPath: {
        authorize: on('ssm:GetParametersByPath', 'Path'),
        run: async (input) => this.#byPath(input),
      },
    };
  }

  /** @returns the name, which is what a template's Ref gives */
  createParameter(name: string, type: string, value: string): { name: string } {
    this.#put({ Name: name, Type: type, Value: value });
    return { name };
  }

  /** The loader's. */
  changeParameter(name: string, type: string, value: string): void {
    this.#put({ Name: name, Type: type, Value: value, Overwrite: true });
  }

  removeParameter(name: string): void {
    this.#parameters.delete(name);
  }

  arnOf(name: string): string {
    const { account, region } = this.#settings;
    return `arn:aws:ssm:${region}:${account}:parameter${name.startsWith('/') ? '' : '/'}${name}`;
  }

  #check(action: string, name: unknown): AccessCheck[] {
    const text = String(name);
    return [{ action, resource: text.startsWith('arn:') ? text : this.arnOf(text) }];
  }

  #find(nameOrArn: string): Parameter {
    const name = nameOrArn.startsWith('arn:')
      ? [...this.#parameters.keys()].find((known) => this.arnOf(known) === nameOrArn)
      : nameOrArn;
    const found = this.#parameters.get(name ?? '');
    if (found === undefined) {
      throw new ServiceException('ParameterNotFound', '');
    }
    return found;
  }

  #put({ Name, Type, Value, Overwrite }: Record<string, unknown>): object {
    const name = String(Name);
    const before = this.#parameters.get(name);
    if (before !== undefined && Overwrite !== true) {
      throw new ServiceException(
        'ParameterAlreadyExists',
        'The parameter already exists. To overwrite this value, set the overwrite option in the request to true.',
      );
    }
    const type = Type ?? before?.type;
    if (type !== 'String' && type !== 'StringList') {
      throw new ServiceException(
        'NotSimulatedException',
        `The sandbox does not simulate parameters of type ${JSON.stringify(type ?? null)}.`,
        501,
      );
    }
    if (typeof Value !== 'string' || Value === '') {
      throw new ServiceException('ValidationException', 'Value is required and cannot be empty.');
    }
    const version = (before?.version ?? 0) + 1;
    const modified = this.#settings.clock.now();
    this.#parameters.set(name, { name, type, value: Value, version, modified });
    return { Version: version, Tier: 'Standard' };
  }

  #byPath({ Path, Recursive, MaxResults, NextToken }: Record<string, unknown>): object {
    if (typeof MaxResults === 'number' && (MaxResults < 1 || MaxResults > 10)) {
      // "Valid Range: Minimum value of 1. Maximum value of 10." (API_GetParametersByPath)
      throw new ServiceException(
        'ValidationException',
        `1 validation error detected: Value '${MaxResults}' at 'maxResults' failed to satisfy constraint: Member must have value ${MaxResults < 1 ? 'greater than or equal to 1' : 'less than or equal to 10'}`,
      );
    }
    const path = String(Path).replace(/\/?$/, '/');
    const found = [...this.#parameters.values()]
      .filter(({ name }) => name.startsWith(path))
      .filter(({ name }) => Recursive === true || !name.slice(path.length).includes('/'))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
    const from = Number(NextToken ?? 0);
    const to = from + Number(MaxResults ?? 10);
    return {
      Parameters: found.slice(from, to).map((parameter) => this.#describe(parameter)),
      ...(to < found.length && { NextToken: String(to) }),
    };
  }

  #describe({ name, type, value, version, modified }: Parameter): object {
    return {
      Name: name,
      Type: type,
      Value: value,
      Version: version,
      LastModifiedDate: modified,
      ARN: this.arnOf(name),
      DataType: 'text',
    };
  }
}
