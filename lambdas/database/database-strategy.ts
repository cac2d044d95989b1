/**
 * A PostgreSQL login, rotated. The server gets a SCRAM verifier computed here, through the admin's login,
 * and whether a credential works is decided by logging in with it, never by memory: after a lost answer
 * the new password may or may not be in force.
 *
 * setSecret, for the pending credential:
 * 1. it is not one the deployment allows, or compromised  → refused, nothing dialled
 * 2. the role is one that must not be set                 → refused, nothing changed
 * 3. the server accepts it already (a repeated step)      → nothing to set
 * 4. emergency                                            → NOLOGIN, sessions ended until none, logins begun
 *                                                           earlier waited out, then as 5
 * 5. otherwise                                            → verifier and LOGIN in one statement
 * 6. the login probe                                      → decides
 */
import type { Session } from '../../doors/postgres/door.ts';
import { RoleCannotLoginError } from '../../doors/postgres/errors.ts';
import { probeLogin } from '../../doors/postgres/login-probe.ts';
import { setVerifier, withRoleLock } from '../../doors/postgres/role-operations.ts';
import { scramVerifier } from '../../doors/postgres/scram.ts';
import type { Material, Rotation, RotationStrategy, Versions } from '../rotation/strategy.ts';
import { type DatabaseTools, withAdmin } from './admin.ts';
import { proveConsumerPath } from './consumer-path.ts';
import {
  CompromisedCredentialError,
  CredentialNotAcceptedError,
  NotApplicableError,
  PendingMissingError,
  RestoreRefusedError,
} from './errors.ts';
import { credentialMaterial } from './material.ts';
import { assertRotatable } from './rotatable-role.ts';
import { schemes } from './schemes/by-name.ts';
import type { Scheme, SetContext } from './schemes/scheme.ts';
import { applicationEndpoint, assertSettings } from './settings.ts';
import { outlastLogins, shutOut } from './shut-out.ts';
import {
  type DatabaseValue,
  newDatabaseValue,
  parseDatabaseValue,
  replaceCredential,
  serializeDatabaseValue,
} from './value.ts';

/** 192 bits (requirement of the practice this automates); 32 characters of base64url. */
const passwordBytes = 24;

export class DatabaseStrategy implements RotationStrategy<DatabaseValue> {
  readonly #tools: DatabaseTools;
  readonly #scheme: Scheme;

  /** @throws InvalidSettingsError */
  constructor(tools: DatabaseTools) {
    assertSettings(tools.settings);
    this.#tools = tools;
    this.#scheme = schemes[tools.settings.SCHEME];
  }

  parse(secretString: string): DatabaseValue {
    return parseDatabaseValue(secretString, this.#tools.settings);
  }

  serialize(value: DatabaseValue): string {
    return serializeDatabaseValue(value);
  }

  material(value: DatabaseValue): Material {
    const primary = credentialMaterial(value);
    return { primary, all: [primary] };
  }

  async createSecret(
    versions: Versions<DatabaseValue>,
    rotation: Rotation<DatabaseValue>,
  ): Promise<DatabaseValue> {
    const { settings } = this.#tools;
    switch (rotation.intent) {
      case 'activate':
        throw new NotApplicableError('activate');
      case 'rollback':
        return this.#restored(versions, rotation);
      case 'planned':
      case 'emergency': {
        const username = this.#scheme.nextRole(versions.current, settings);
        const password = (await rotation.random(passwordBytes)).toString('base64url');
        const credential = { username, password };
        return versions.current === undefined
          ? newDatabaseValue(settings, credential)
          : replaceCredential(versions.current, settings, credential);
      }
    }
  }

  async setSecret(
    versions: Versions<DatabaseValue>,
    rotation: Rotation<DatabaseValue>,
  ): Promise<void> {
    const { pending } = versions;
    if (pending === undefined) {
      throw new PendingMissingError();
    }
    this.#assertNotCompromised(pending, rotation);
    const complete = { ...versions, pending };
    this.#scheme.assertSettable(complete);
    await withAdmin(
      this.#tools,
      () => rotation.companion('admin'),
      (admin) => this.#set({ tools: this.#tools, admin, versions: complete, rotation }),
    );
  }

  async testSecret(
    versions: Versions<DatabaseValue>,
    rotation: Rotation<DatabaseValue>,
  ): Promise<void> {
    const value = versions.pending ?? versions.current;
    if (value === undefined) {
      return;
    }
    const endpoint = applicationEndpoint(this.#tools.settings, this.#tools.ca);
    await this.#tools.door.withSession(endpoint, value, (session) =>
      this.#scheme.verify(session, value, this.#tools, rotation),
    );
    rotation.evidence({
      fact: 'loginAccepted',
      detail: { role: value.username, host: endpoint.host, database: endpoint.dbname },
    });
    // RDS Proxy knows AWSCURRENT only: a pending credential is proven through it after the promotion.
    if (this.#tools.settings.CONNECTION === 'rdsProxy' && versions.pending !== undefined) {
      return;
    }
    for (const fact of await proveConsumerPath(this.#tools, value)) {
      rotation.evidence(fact);
    }
  }

  async #set(context: SetContext): Promise<void> {
    const { admin, versions, rotation } = context;
    const role = versions.pending.username;
    await withRoleLock(admin, role, async () => {
      await rotation.assertNotSuperseded();
      await assertRotatable(admin, role, this.#tools.settings);
      if (await this.#accepted(versions.pending)) {
        rotation.evidence({ fact: 'verifierAlreadySet', detail: { role } });
        return;
      }
      if (rotation.intent === 'emergency') {
        await this.#shutOut(admin, role, rotation);
      }
      await this.#scheme.prepare(context);
      await setVerifier(admin, role, scramVerifier(versions.pending.password), { login: true });
      rotation.evidence({ fact: 'verifierSet', detail: { role } });
      if (!(await this.#accepted(versions.pending))) {
        throw new CredentialNotAcceptedError(role, this.#tools.settings.HOST);
      }
    });
    await this.#scheme.complete(context);
  }

  async #shutOut(admin: Session, role: string, rotation: Rotation<DatabaseValue>): Promise<void> {
    const ended = await shutOut(admin, role, this.#tools);
    rotation.evidence({ fact: 'sessionsEnded', detail: { role, ...ended } });
    const seconds = await outlastLogins(admin, role, this.#tools);
    rotation.evidence({ fact: 'loginsOutlasted', detail: { role, seconds } });
  }

  /** 28000 means NOLOGIN with the right password: not in force yet. */
  async #accepted(value: DatabaseValue): Promise<boolean> {
    const endpoint = applicationEndpoint(this.#tools.settings, this.#tools.ca);
    try {
      return (await probeLogin(this.#tools.door, endpoint, value)) === 'accepted';
    } catch (error) {
      if (error instanceof RoleCannotLoginError) {
        return false;
      }
      throw error;
    }
  }

  #restored(versions: Versions<DatabaseValue>, rotation: Rotation<DatabaseValue>): DatabaseValue {
    const { settings } = this.#tools;
    const { restore } = rotation;
    if (restore === undefined || versions.current === undefined) {
      throw new RestoreRefusedError('there is no earlier value', undefined);
    }
    const problem = this.#scheme.restoreProblem(restore, versions, settings);
    if (problem !== undefined) {
      throw new RestoreRefusedError(problem, this.#nearestRestorable(versions, rotation));
    }
    this.#assertNotCompromised(restore, rotation);
    return replaceCredential(versions.current, settings, restore);
  }

  /** The newest labelled value that a rollback would take, by the id of its credential. */
  #nearestRestorable(
    versions: Versions<DatabaseValue>,
    { compromised }: Rotation<DatabaseValue>,
  ): string | undefined {
    const earlier = [
      ...(versions.previous ? [versions.previous] : []),
      ...(versions.labelled ?? []),
    ];
    return earlier
      .filter(
        (value) => this.#scheme.restoreProblem(value, versions, this.#tools.settings) === undefined,
      )
      .map(credentialMaterial)
      .find((material) => !compromised.has(material));
  }

  #assertNotCompromised(value: DatabaseValue, { compromised }: Rotation<DatabaseValue>): void {
    const material = credentialMaterial(value);
    if (compromised.has(material)) {
      throw new CompromisedCredentialError(material);
    }
  }
}
