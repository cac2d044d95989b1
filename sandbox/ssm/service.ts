/** SSM Parameter Store: parameters by name, by version and by path; SecureStrings under KMS. */
import type { SandboxClock } from '../clock.ts';
import { type AccessCheck, type AwsService, type Caller, ServiceException } from '../service.ts';
import {
  addVersion,
  checkName,
  type Parameter,
  type ParameterVersion,
  tierFor,
  typeFor,
  validation,
} from './parameter.ts';
import { type ParameterKeys, SecureValues } from './secure-values.ts';

export interface SsmSettings extends ParameterKeys {
  account: string;
  region: string;
  clock: SandboxClock;
}

type Input = Record<string, unknown>;

interface Found {
  parameter: Parameter;
  version: ParameterVersion;
  /** As it was asked for, ":3". */
  selector?: string;
}

/** "If you don't specify a key ID, the system uses the default key associated with your account" (API_PutParameter). */
const defaultKey = 'alias/aws/ssm';

export class SsmService implements AwsService {
  readonly signingName = 'ssm';
  readonly protocol = 'json-1.1';
  readonly targetPrefix = 'AmazonSSM';
  readonly operations: AwsService['operations'];
  readonly #settings: SsmSettings;
  readonly #values: SecureValues;
  readonly #parameters = new Map<string, Parameter>();

  constructor(settings: SsmSettings) {
    this.#settings = settings;
    this.#values = new SecureValues(settings, settings.region);
    const on = (action: string, member: string) => (input: Input) =>
      namesIn(input[member]).map((name): AccessCheck => ({ action, resource: this.#arnIn(name) }));
    this.operations = {
      GetParameter: {
        authorize: on('ssm:GetParameter', 'Name'),
        run: async ({ Name, WithDecryption }, caller) => ({
          Parameter: await this.#describe(this.#find(String(Name)), WithDecryption, caller),
        }),
      },
      GetParameters: {
        authorize: on('ssm:GetParameters', 'Names'),
        run: async (input, caller) => this.#several(input, caller),
      },
      PutParameter: {
        authorize: on('ssm:PutParameter', 'Name'),
        run: async (input, caller) => this.#putOverTheWire(input, caller),
      },
      DeleteParameter: {
        authorize: on('ssm:DeleteParameter', 'Name'),
        run: async ({ Name }) => {
          this.#parameters.delete(this.#find(String(Name)).parameter.name);
          return {};
        },
      },
      GetParametersByPath: {
        authorize: on('ssm:GetParametersByPath', 'Path'),
        run: async (input, caller) => this.#byPath(input, caller),
      },
    };
  }

  /** The loader's. @returns the name, which is what a template's Ref gives */
  createParameter(name: string, type: string, value: string, tier?: string): { name: string } {
    this.#declare({ Name: name, Type: type, Value: value, Tier: tier });
    return { name };
  }

  /** The loader's. */
  changeParameter(name: string, type: string, value: string, tier?: string): void {
    this.#declare({ Name: name, Type: type, Value: value, Tier: tier, Overwrite: true });
  }

  removeParameter(name: string): void {
    this.#parameters.delete(name);
  }

  arnOf(name: string): string {
    const { account, region } = this.#settings;
    return `arn:aws:ssm:${region}:${account}:parameter${name.startsWith('/') ? '' : '/'}${name}`;
  }

  /** IAM sees the parameter, whichever version is asked for. */
  #arnIn(nameOrArn: string): string {
    return nameOrArn.startsWith('arn:')
      ? nameOrArn.split(':', 6).join(':')
      : this.arnOf(nameOrArn.split(':', 1).join());
  }

  #find(asked: string): Found {
    const isArn = asked.startsWith('arn:');
    const [, base = '', wanted] = /^(arn(?::[^:]*){5}|[^:]*)(?::(.*))?$/.exec(asked) ?? [];
    const parameter = isArn
      ? [...this.#parameters.values()].find(({ arn }) => arn === base)
      : this.#parameters.get(base);
    const latest = parameter?.versions.at(-1);
    if (parameter === undefined || latest === undefined) {
      throw new ServiceException('ParameterNotFound', '');
    }
    if (wanted === undefined) {
      return { parameter, version: latest };
    }
    if (!/^\d+$/.test(wanted)) {
      throw new ServiceException(
        'NotSimulatedException',
        'The sandbox does not simulate labels of parameters.',
        501,
      );
    }
    const version = parameter.versions.find((one) => one.version === Number(wanted));
    if (version === undefined) {
      throw new ServiceException(
        'ParameterVersionNotFound',
        `Systems Manager could not find version ${wanted} of ${parameter.name}. Verify the version and try again.`,
      );
    }
    return { parameter, version, selector: `:${wanted}` };
  }

  /** "You can't create a SecureString parameter with CloudFormation" (AWS::SSM::Parameter). */
  #declare(input: Input): void {
    const { type, value, store } = this.#write(input);
    if (type === 'SecureString') {
      throw validation('AWS::SSM::Parameter does not support the type SecureString.');
    }
    store(value);
  }

  async #putOverTheWire(input: Input, caller: Caller): Promise<object> {
    const { type, tier, arn, value, store } = this.#write(input);
    if (input.KeyId !== undefined && type !== 'SecureString') {
      throw validation('KeyId is required for SecureString type parameter only.');
    }
    const keyId = String(input.KeyId ?? defaultKey);
    return type === 'SecureString'
      ? store(await this.#values.seal(caller, { arn, keyId, tier }, value))
      : store(value);
  }

  /** Everything that is checked before a value is sealed, and what stores it then. */
  #write({ Name, Type, Value, Overwrite, Tier: asked }: Input) {
    const name = String(Name);
    checkName(name);
    const before = this.#parameters.get(name);
    if (before !== undefined && Overwrite !== true) {
      throw new ServiceException(
        'ParameterAlreadyExists',
        'The parameter already exists. To overwrite this value, set the overwrite option in the request to true.',
      );
    }
    const type = typeFor(Type, before?.type);
    if (typeof Value !== 'string' || Value === '') {
      throw validation('Value is required and cannot be empty.');
    }
    const tier = tierFor(asked, before?.tier, Value);
    const arn = this.arnOf(name);
    const store = (value: ParameterVersion['value']) => {
      const parameter = this.#parameters.get(name) ?? { name, arn, type, tier, versions: [] };
      this.#parameters.set(name, Object.assign(parameter, { type, tier }));
      return { Version: addVersion(parameter, value, this.#settings.clock.now()), Tier: tier };
    };
    return { type, tier, arn, value: Value, store };
  }

  /** "Systems Manager … doesn't fail for names it doesn't find": it lists them (API_GetParameters). */
  async #several({ Names, WithDecryption }: Input, caller: Caller): Promise<object> {
    const names = namesIn(Names);
    if (names.length === 0 || names.length > 10) {
      throw validation(
        `1 validation error detected: Value '[${names.join(', ')}]' at 'names' failed to satisfy constraint: Member must have length ${names.length === 0 ? 'greater than or equal to 1' : 'less than or equal to 10'}`,
      );
    }
    const Parameters: object[] = [];
    const InvalidParameters: string[] = [];
    for (const name of names) {
      try {
        Parameters.push(await this.#describe(this.#find(name), WithDecryption, caller));
      } catch (error) {
        const code = error instanceof ServiceException ? error.code : '';
        if (!['ParameterNotFound', 'ParameterVersionNotFound'].includes(code)) throw error;
        InvalidParameters.push(name);
      }
    }
    return { Parameters, InvalidParameters };
  }

  async #byPath(input: Input, caller: Caller): Promise<object> {
    const { Path, Recursive, MaxResults, NextToken, WithDecryption } = input;
    if (typeof MaxResults === 'number' && (MaxResults < 1 || MaxResults > 10)) {
      // "Valid Range: Minimum value of 1. Maximum value of 10." (API_GetParametersByPath)
      throw validation(
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
      Parameters: await Promise.all(
        found
          .slice(from, to)
          .map(({ name }) => this.#describe(this.#find(name), WithDecryption, caller)),
      ),
      ...(to < found.length && { NextToken: String(to) }),
    };
  }

  async #describe(
    { parameter, version, selector }: Found,
    withDecryption: unknown,
    caller: Caller,
  ): Promise<object> {
    const { name, arn, type } = parameter;
    const { value } = version;
    return {
      Name: name,
      Type: type,
      Value: await this.#shown(arn, value, withDecryption === true, caller),
      Version: version.version,
      ...(selector && { Selector: selector }),
      LastModifiedDate: version.modified,
      ARN: arn,
      DataType: 'text',
    };
  }

  async #shown(
    arn: string,
    value: ParameterVersion['value'],
    decrypted: boolean,
    caller: Caller,
  ): Promise<string> {
    if (typeof value === 'string') return value;
    return decrypted ? this.#values.open(caller, arn, value) : value.ciphertext.toString('base64');
  }
}

const namesIn = (value: unknown): string[] => (Array.isArray(value) ? value : [value]).map(String);
