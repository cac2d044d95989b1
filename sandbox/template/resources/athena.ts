import type { ResultConfiguration } from '../../athena/workgroup.ts';
import { SandboxLoadError } from '../load-error.ts';
import { flag, optionalText, text } from '../properties.ts';
import type { Declared, ResourceType } from '../resource-type.ts';

interface Configuration {
  EnforceWorkGroupConfiguration?: boolean | string;
  BytesScannedCutoffPerQuery?: number | string;
  ResultConfiguration?: ResultConfiguration & Record<string, unknown>;
  ManagedQueryResultsConfiguration?: { Enabled?: boolean | string };
}

/** Those of the configuration that are acted on, or that change nothing here. */
const CONFIGURATION = [
  ...['EnforceWorkGroupConfiguration', 'BytesScannedCutoffPerQuery', 'ResultConfiguration'],
  ...['ManagedQueryResultsConfiguration', 'PublishCloudWatchMetricsEnabled', 'EngineVersion'],
];
const RESULTS = ['OutputLocation', 'EncryptionConfiguration', 'ExpectedBucketOwner'];

export const workGroup: ResourceType = {
  properties: [
    ...['Name', 'Description', 'State', 'RecursiveDeleteOption', 'WorkGroupConfiguration', 'Tags'],
  ],
  create(declared, { athena }) {
    athena.createWorkGroup(groupOf(declared));
    return { ref: text(declared, 'Name') };
  },
  replacement: ['Name'],
  update(_, declared, { athena }) {
    athena.updateWorkGroup(groupOf(declared));
  },
  delete({ ref, ...existing }, { athena }) {
    athena.deleteWorkGroup(ref, flag(existing, 'RecursiveDeleteOption', false));
  },
};

function groupOf(declared: Declared) {
  const configuration = (declared.properties.WorkGroupConfiguration ?? {}) as Configuration;
  const { ResultConfiguration: results = {} } = configuration;
  assertKnown(declared, 'WorkGroupConfiguration', configuration, CONFIGURATION);
  assertKnown(declared, 'ResultConfiguration', results, RESULTS);
  const managing = configuration.ManagedQueryResultsConfiguration ?? {};
  assertKnown(declared, 'ManagedQueryResultsConfiguration', managing, ['Enabled']);
  const managed = String(managing.Enabled ?? false) === 'true';
  if (managed && results.OutputLocation !== undefined) {
    throw new SandboxLoadError(
      `${declared.logicalId}: ResultConfiguration and ManagedQueryResultsConfiguration cannot be set at the same time.`,
    );
  }
  const { EncryptionOption: option } = results.EncryptionConfiguration ?? {};
  if (option !== undefined && option !== 'SSE_S3' && option !== 'SSE_KMS') {
    throw new SandboxLoadError(
      `${declared.logicalId}: EncryptionOption ${option} is not simulated.`,
    );
  }
  const cutoff = configuration.BytesScannedCutoffPerQuery;
  return {
    name: text(declared, 'Name'),
    description: optionalText(declared, 'Description'),
    enabled: (optionalText(declared, 'State') ?? 'ENABLED') === 'ENABLED',
    enforced: String(configuration.EnforceWorkGroupConfiguration ?? true) === 'true',
    results,
    managed,
    cutoff: cutoff === undefined ? undefined : Number(cutoff),
  };
}

function assertKnown(
  { logicalId }: Declared,
  of: string,
  properties: object,
  known: readonly string[],
): void {
  const strange = Object.keys(properties).find((name) => !known.includes(name));
  if (strange !== undefined) {
    throw new SandboxLoadError(`${logicalId}: ${of}.${strange} is not simulated.`);
  }
}
