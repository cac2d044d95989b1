/**
 * A value that people make at a vendor's, e.g. an API key. They put it into the inbox, a second secret that they may
 * write and not read; a rotation takes it from there.
 *
 * createSecret, of the value in the inbox (rollback: of the version to go back to):
 * 1. there is none, or it is the one in use   → refused
 * 2. it is not what the configuration expects → refused
 * 3. it is recorded as compromised            → refused
 * 4. the vendor refuses it, or cannot be asked → refused: nothing is stored, so nothing is left behind
 * 5. the vendor accepts it                    → the next value
 *
 * Nothing outside is set: the vendor knows the value already. testSecret asks the vendor again, of the value as it is
 * stored.
 */
import { CompromisedMaterialError } from '../rotation/errors.ts';
import type {
  Material,
  MaterialId,
  Rotation,
  RotationStrategy,
  Versions,
} from '../rotation/strategy.ts';
import {
  InboxEmptyError,
  InboxUnchangedError,
  NothingToRotateError,
  RestoreRefusedError,
} from './errors.ts';
import { type ProbeTools, probe } from './probe.ts';
import { parseInboxValue, readValue, type UserManagedValue } from './value.ts';

export interface UserManagedSettings {
  /** The member of the JSON object that is the credential; absent: the value is one line of text. */
  field?: string | undefined;
  probe: ProbeTools;
  /** The id of a credential. */
  fingerprint(credential: string): MaterialId;
}

export class UserManagedStrategy implements RotationStrategy<UserManagedValue> {
  readonly #settings: UserManagedSettings;
  /** The id of a value takes its time; a step asks for it more than once. */
  readonly #known = new WeakMap<UserManagedValue, MaterialId>();

  constructor(settings: UserManagedSettings) {
    this.#settings = settings;
  }

  parse(secretString: string): UserManagedValue {
    return readValue(secretString, this.#settings.field);
  }

  serialize({ document }: UserManagedValue): string {
    return document;
  }

  material(value: UserManagedValue): Material {
    const { credential } = value;
    if (credential === undefined) {
      return { all: [] };
    }
    const primary = this.#known.get(value) ?? this.#settings.fingerprint(credential);
    this.#known.set(value, primary);
    return { primary, all: [primary] };
  }

  async createSecret(
    { current }: Versions<UserManagedValue>,
    rotation: Rotation<UserManagedValue>,
  ): Promise<UserManagedValue> {
    const { intent, restore } = rotation;
    if (intent === 'activate') {
      throw new NothingToRotateError(intent);
    }
    const value =
      intent === 'rollback'
        ? this.#unleaked(this.#restored(restore, current), rotation)
        : await this.#put(current, rotation);
    await this.#ask(value, rotation);
    return value;
  }

  /** Nothing outside: the vendor made the value. */
  async setSecret(): Promise<void> {}

  async testSecret(
    { pending, current }: Versions<UserManagedValue>,
    rotation: Rotation<UserManagedValue>,
  ): Promise<void> {
    const value = pending ?? current;
    if (value !== undefined) {
      await this.#ask(value, rotation);
    }
  }

  async #put(
    current: UserManagedValue | undefined,
    rotation: Rotation<UserManagedValue>,
  ): Promise<UserManagedValue> {
    const { inbox, evidence } = rotation;
    if (inbox === undefined) {
      throw new InboxEmptyError();
    }
    const { value, versionId } = await inbox((found) => {
      if (found === undefined) {
        throw new InboxEmptyError();
      }
      const put = parseInboxValue(found.secretString, this.#settings.field);
      if (put.document === current?.document) {
        throw new InboxUnchangedError(found.versionId);
      }
      return { value: this.#unleaked(put, rotation), versionId: found.versionId };
    });
    evidence({ fact: 'inboxRead', detail: { versionId } });
    return value;
  }

  #unleaked(
    value: UserManagedValue,
    { compromised }: Rotation<UserManagedValue>,
  ): UserManagedValue {
    const { primary } = this.material(value);
    if (primary !== undefined && compromised.has(primary)) {
      throw new CompromisedMaterialError(primary);
    }
    return value;
  }

  #restored(
    restore: UserManagedValue | undefined,
    current: UserManagedValue | undefined,
  ): UserManagedValue {
    if (restore?.credential === undefined) {
      throw new RestoreRefusedError('holds no value that can be tested');
    }
    if (restore.document === current?.document) {
      throw new RestoreRefusedError('holds the value that is in use');
    }
    return restore;
  }

  async #ask(value: UserManagedValue, { evidence }: Rotation<UserManagedValue>): Promise<void> {
    if (value.credential === undefined) {
      throw new RestoreRefusedError('holds no value that can be tested');
    }
    const answer = await probe(this.#settings.probe, value.credential);
    evidence({ fact: 'valueAccepted', detail: answer });
  }
}
