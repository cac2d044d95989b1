/**
 * The door to the control table (DynamoDB): what is remembered between the calls of one rotation.
 *
 * Every write is conditional and every read consistent: two runs of one step meet here, and one of them
 * loses cleanly.
 */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  type AdoptionRecord,
  type AfterRotationRecord,
  adoptionRecordSchema,
  afterRotationRecordSchema,
  type CompromisedRecord,
  type ConsumersRecord,
  compromisedRecordSchema,
  consumersRecordSchema,
  type HoldRecord,
  holdRecordSchema,
  type IntentRecord,
  intentRecordSchema,
  intents,
  type LeaseRecord,
  leaseRecordSchema,
  type NoticeRecord,
  noticeRecordSchema,
  type OverdueRecord,
  overdueRecordSchema,
  type ReencryptionRecord,
  type RotationRecord,
  reencryptionRecordSchema,
  rotationRecordSchema,
  type ToldRecord,
  toldRecordSchema,
  type ZeroProof,
  zeroProofSchema,
} from '../domain/events/control-records.ts';
import { clientDefaults } from './aws-call.ts';
import { type CertificateRecordsDoor, certificateRecords } from './certificate-records.ts';
import { ControlRecordError, controlItems } from './control-items.ts';

export interface ControlTableDoor extends CertificateRecordsDoor {
  /** @throws ControlRecordError when a token has more than one intent */
  getIntent(secretName: string, token: string): Promise<IntentRecord | undefined>;
  /**
   * Each intent has a partition of its own, so that IAM can tell who may ask for which.
   * @returns 'exists' when this token already has this intent; the first record stands
   */
  putIntent(secretName: string, record: IntentRecord): Promise<'stored' | 'exists'>;

  getRotation(secretName: string, token: string): Promise<RotationRecord | undefined>;
  /** Every rotation of this secret that was ever recorded, in no order. */
  getRotations(secretName: string): Promise<readonly RotationRecord[]>;
  /** Fixes a rotation under its token; the first writer wins, every caller gets what stands. */
  fixRotation(secretName: string, record: RotationRecord): Promise<RotationRecord>;
  /** Changes a rotation record; retried when another run of a step wrote in between. */
  updateRotation(
    secretName: string,
    token: string,
    change: (record: RotationRecord) => RotationRecord,
  ): Promise<RotationRecord | undefined>;

  getAfterRotation(secretName: string, versionId: string): Promise<AfterRotationRecord | undefined>;
  /** Of every version that has one, in no order. */
  getAfterRotations(secretName: string): Promise<readonly AfterRotationRecord[]>;
  /** @returns 'exists' when this version already has one */
  putAfterRotation(secretName: string, record: AfterRotationRecord): Promise<'stored' | 'exists'>;
  /** Compare-and-swap on the state. @returns false when the record is in none of the states `from` */
  moveAfterRotation(
    secretName: string,
    from: readonly AfterRotationRecord['state'][],
    record: AfterRotationRecord,
  ): Promise<boolean>;
  /** Takes the record of a version that never became current away. */
  removeAfterRotation(secretName: string, versionId: string): Promise<void>;
  /** Was any rotation of this secret ever promoted? An AfterRotation begins only for AWSCURRENT. */
  everPromoted(secretName: string): Promise<boolean>;

  getLease(secretName: string): Promise<LeaseRecord | undefined>;
  /**
   * Takes or changes the lease, by compare-and-swap on what stands.
   * @param over may the lease that stands give way? By default any does
   * @returns the lease that stands and did not give way; undefined when this one stands now
   */
  putLease(
    secretName: string,
    record: LeaseRecord,
    over?: (standing: LeaseRecord) => boolean,
  ): Promise<LeaseRecord | undefined>;

  getCompromised(secretName: string): Promise<ReadonlySet<string>>;
  putCompromised(secretName: string, record: CompromisedRecord): Promise<void>;

  getHold(secretName: string): Promise<HoldRecord | undefined>;
  putHold(secretName: string, record: HoldRecord): Promise<void>;
  /**
   * Ends the hold that was looked at, by compare-and-swap: one that was put since then stands.
   * @returns the hold that stands instead; undefined when this one has ended
   */
  endHold(
    secretName: string,
    looked: HoldRecord,
    ended: HoldRecord,
  ): Promise<HoldRecord | undefined>;

  getAdoption(secretName: string): Promise<AdoptionRecord | undefined>;
  /** @returns 'exists' when the secret was adopted before; the first record stands */
  putAdoption(secretName: string, record: AdoptionRecord): Promise<'stored' | 'exists'>;

  getTold(
    secretName: string,
    fact: ToldRecord['fact'],
    versionId: string,
  ): Promise<ToldRecord | undefined>;
  /** @returns 'exists' when that was told of this version before; the first record stands */
  putTold(secretName: string, record: ToldRecord): Promise<'stored' | 'exists'>;

  getNotice(secretName: string): Promise<NoticeRecord | undefined>;
  /**
   * By compare-and-swap on what stands, as `putLease`.
   * @param over may the announcement that stands give way?
   * @returns the one that stands and did not give way; undefined when this one stands now
   */
  putNotice(
    secretName: string,
    record: NoticeRecord,
    over: (standing: NoticeRecord) => boolean,
  ): Promise<NoticeRecord | undefined>;
  /** The same for the day on which it was last called overdue. */
  putOverdue(
    secretName: string,
    record: OverdueRecord,
    over: (standing: OverdueRecord) => boolean,
  ): Promise<OverdueRecord | undefined>;
  /** The same for the day on which the owners of a user-managed secret were last reminded. */
  putReminder(
    secretName: string,
    record: OverdueRecord,
    over: (standing: OverdueRecord) => boolean,
  ): Promise<OverdueRecord | undefined>;

  getReencryption(secretName: string): Promise<ReencryptionRecord | undefined>;
  /**
   * Compare-and-swap on what stands; retried when somebody wrote in between.
   * @param change undefined: leave what stands
   * @returns what stands afterwards
   */
  updateReencryption(
    secretName: string,
    change: (standing: ReencryptionRecord | undefined) => ReencryptionRecord | undefined,
  ): Promise<ReencryptionRecord | undefined>;
  getConsumers(secretName: string): Promise<ConsumersRecord | undefined>;
  putConsumers(secretName: string, record: ConsumersRecord): Promise<void>;

  /** By kid. */
  getZeroProofs(secretName: string): Promise<ReadonlyMap<string, ZeroProof>>;
  putZeroProof(secretName: string, record: ZeroProof): Promise<void>;
}

export function controlTable(
  table: string,
  client = new DynamoDBClient(clientDefaults),
): ControlTableDoor {
  const items = controlItems(table, client);
  const { get, put, all, remove, content, replace } = items;

  return {
    ...certificateRecords(items),
    async getIntent(secretName, token) {
      const found = await Promise.all(
        intents.map((intent) => content(intentRecordSchema, `intent.${intent}`, secretName, token)),
      );
      const [record, ...others] = found.filter((candidate) => candidate !== undefined);
      if (others.length > 0) {
        throw new ControlRecordError(`intent.*#${secretName}/${token}`, 'names several intents');
      }
      return record;
    },
    putIntent: async (secretName, record) =>
      (await put(`intent.${record.intent}`, secretName, record.token, record, { revision: 0 }))
        ? 'stored'
        : 'exists',

    getRotation: (secretName, token) =>
      content(rotationRecordSchema, 'rotation', secretName, token),
    getRotations: (secretName) => all(rotationRecordSchema, 'rotation', secretName),
    async fixRotation(secretName, record) {
      await put('rotation', secretName, record.token, record, { revision: 0 });
      const fixed = await content(rotationRecordSchema, 'rotation', secretName, record.token);
      if (fixed === undefined) {
        throw new ControlRecordError(
          `rotation#${secretName}/${record.token}`,
          'vanished after it was written',
        );
      }
      return fixed;
    },
    async updateRotation(secretName, token, change) {
      for (let attempt = 0; attempt < 5; attempt++) {
        const stored = await get(rotationRecordSchema, 'rotation', secretName, token);
        if (stored === undefined) {
          return undefined;
        }
        const changed = change(stored.content);
        if (await put('rotation', secretName, token, changed, stored)) {
          return changed;
        }
      }
      throw new ControlRecordError(
        `rotation#${secretName}/${token}`,
        'changed five times while it was written',
      );
    },

    getAfterRotation: (secretName, versionId) =>
      content(afterRotationRecordSchema, 'after', secretName, versionId),
    getAfterRotations: (secretName) => all(afterRotationRecordSchema, 'after', secretName),
    putAfterRotation: async (secretName, record) =>
      (await put('after', secretName, record.versionId, record, { revision: 0 }))
        ? 'stored'
        : 'exists',
    async moveAfterRotation(secretName, from, record) {
      const stored = await get(afterRotationRecordSchema, 'after', secretName, record.versionId);
      if (stored === undefined || !from.includes(stored.content.state)) {
        return false;
      }
      return put('after', secretName, record.versionId, record, stored);
    },
    async removeAfterRotation(secretName, versionId) {
      await remove('after', secretName, versionId);
    },
    async everPromoted(secretName) {
      for (const { state } of await all(afterRotationRecordSchema, 'after', secretName)) {
        if (state !== 'due') {
          return true;
        }
      }
      return false;
    },

    getLease: (secretName) => content(leaseRecordSchema, 'lease', secretName, 'lease'),
    putLease: (secretName, record, over = () => true) =>
      replace(leaseRecordSchema, ['lease', secretName, 'lease'], record, over),

    getNotice: (secretName) => content(noticeRecordSchema, 'notice', secretName, 'notice'),
    putNotice: (secretName, record, over) =>
      replace(noticeRecordSchema, ['notice', secretName, 'notice'], record, over),
    putOverdue: (secretName, record, over) =>
      replace(overdueRecordSchema, ['notice', secretName, 'overdue'], record, over),
    putReminder: (secretName, record, over) =>
      replace(overdueRecordSchema, ['notice', secretName, 'reminder'], record, over),

    async getCompromised(secretName) {
      const records = await all(compromisedRecordSchema, 'compromised', secretName);
      return new Set(records.map(({ material }) => material));
    },
    async putCompromised(secretName, record) {
      // The first record of a material stands: it says since when it is known.
      await put('compromised', secretName, record.material, record, { revision: 0 });
    },

    getHold: (secretName) => content(holdRecordSchema, 'hold', secretName, 'hold'),
    async putHold(secretName, record) {
      await put('hold', secretName, 'hold', record, 'overwrite');
    },
    endHold: (secretName, looked, ended) =>
      replace(
        holdRecordSchema,
        ['hold', secretName, 'hold'],
        ended,
        ({ at, until }) => at === looked.at && until === looked.until,
      ),

    getAdoption: (secretName) => content(adoptionRecordSchema, 'adopted', secretName, 'adopted'),
    putAdoption: async (secretName, record) =>
      (await put('adopted', secretName, 'adopted', record, { revision: 0 })) ? 'stored' : 'exists',

    getTold: (secretName, fact, versionId) =>
      content(toldRecordSchema, 'told', secretName, `${fact}#${versionId}`),
    putTold: async (secretName, record) =>
      (await put('told', secretName, `${record.fact}#${record.versionId}`, record, { revision: 0 }))
        ? 'stored'
        : 'exists',

    getReencryption: (secretName) =>
      content(reencryptionRecordSchema, 'reencryption', secretName, 'job'),
    async updateReencryption(secretName, change) {
      for (let attempt = 0; attempt < 5; attempt++) {
        const standing = await get(reencryptionRecordSchema, 'reencryption', secretName, 'job');
        const changed = change(standing?.content);
        if (changed === undefined) {
          return standing?.content;
        }
        if (await put('reencryption', secretName, 'job', changed, standing ?? { revision: 0 })) {
          return changed;
        }
      }
      throw new ControlRecordError(
        `reencryption#${secretName}/job`,
        'changed five times while it was written',
      );
    },
    getConsumers: (secretName) =>
      content(consumersRecordSchema, 'consumers', secretName, 'consumers'),
    async putConsumers(secretName, record) {
      await put('consumers', secretName, 'consumers', record, 'overwrite');
    },

    async getZeroProofs(secretName) {
      const proofs = await all(zeroProofSchema, 'zero', secretName);
      return new Map(proofs.map((proof) => [proof.kid, proof]));
    },
    async putZeroProof(secretName, record) {
      await put('zero', secretName, record.kid, record, 'overwrite');
    },
  };
}
