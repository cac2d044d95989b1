/** The keys and aliases of the account, found by any of the four ways a caller may name a key. */
import { ServiceException } from '../service.ts';
import { type Key, type KeyProps, managedKeyPolicy, newKey } from './key.ts';

/** The AWS managed keys of services here that use one. */
const managedKeys = [
  {
    service: 'secretsmanager',
    title: 'AWS Secrets Manager',
    description: 'Default key that protects my Secrets Manager data when no other key is defined',
  },
  {
    service: 'ssm',
    title: 'AWS Systems Manager',
    description: 'Default key that protects my SSM parameters when no other key is defined',
  },
];

export class KeyStore {
  readonly #account: string;
  readonly #region: string;
  readonly #keys = new Map<string, Key>();
  readonly #aliases = new Map<string, string>();

  constructor(account: string, region: string, now: Date) {
    this.#account = account;
    this.#region = region;
    for (const { service, title, description } of managedKeys) {
      const policy = managedKeyPolicy(service, title, account, region);
      const props = { logicalId: `aws/${service}`, policy, description, enableKeyRotation: true };
      const byAws = newKey(account, region, now, props, 'AWS');
      this.#keys.set(byAws.keyId, byAws);
      this.#aliases.set(`alias/aws/${service}`, byAws.keyId);
    }
  }

  create(props: KeyProps, now: Date): Key {
    const key = newKey(this.#account, this.#region, now, props);
    this.#keys.set(key.keyId, key);
    return key;
  }

  /** @throws AlreadyExistsException, NotFoundException */
  alias(name: string, keyId: string): void {
    const full = name.startsWith('alias/') ? name : `alias/${name}`;
    if (this.#aliases.has(full)) {
      const arn = `arn:aws:kms:${this.#region}:${this.#account}:${full}`;
      throw new ServiceException(
        'AlreadyExistsException',
        `An alias with the name ${arn} already exists`,
      );
    }
    this.#aliases.set(full, this.find(keyId).keyId);
  }

  /** With the aliases that name it. */
  remove(key: Key): void {
    this.#keys.delete(key.keyId);
    for (const [name, keyId] of this.#aliases) {
      if (keyId === key.keyId) {
        this.#aliases.delete(name);
      }
    }
  }

  removeAlias(name: string): void {
    this.#aliases.delete(name);
  }

  /**
   * By key id, key ARN, alias name or alias ARN.
   * @throws NotFoundException
   */
  find(id: string): Key {
    const own = `arn:aws:kms:${this.#region}:${this.#account}:`;
    const local = id.startsWith(own) ? id.slice(own.length) : id;
    if (local.startsWith('alias/')) {
      const key = this.#keys.get(this.#aliases.get(local) ?? '');
      if (key === undefined) {
        throw new ServiceException('NotFoundException', `Alias ${own}${local} is not found.`);
      }
      return key;
    }
    const key = this.#keys.get(local.startsWith('key/') ? local.slice('key/'.length) : local);
    if (key === undefined) {
      const arn = id.startsWith('arn:') ? id : `${own}key/${id}`;
      throw new ServiceException('NotFoundException', `Key '${arn}' does not exist`);
    }
    return key;
  }
}
