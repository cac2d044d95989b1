/** The value of a database secret as an application uses it. */
import { parseJsonDocument } from '../../domain/secrets/strict-json.ts';
import { ClientSettingsError } from '../errors.ts';

/** Where the secret says its server is. */
export interface StoredEndpoint {
  readonly host: string;
  readonly port: number;
  readonly dbname: string;
}

/** A role and its password. Printed or made to JSON, it shows the role alone. */
export class DatabaseCredential {
  readonly username: string;
  readonly #password: string;
  readonly #endpoint: Partial<StoredEndpoint>;

  constructor(username: string, password: string, endpoint: Partial<StoredEndpoint> = {}) {
    this.username = username;
    this.#password = password;
    this.#endpoint = endpoint;
  }

  get password(): string {
    return this.#password;
  }

  isSameAs(other: DatabaseCredential): boolean {
    return this.username === other.username && this.#password === other.password;
  }

  /** @throws ClientSettingsError when the secret does not say it in full */
  endpoint(): StoredEndpoint {
    const { host, port = 5432, dbname } = this.#endpoint;
    if (host === undefined || dbname === undefined) {
      throw new ClientSettingsError(
        `The database secret has no ${host === undefined ? 'host' : 'dbname'}; give host, port and database as options.`,
      );
    }
    if (!(Number.isInteger(port) && port > 0 && port < 65_536)) {
      throw new ClientSettingsError(
        'The port in the database secret is no number from 1 to 65535; correct the secret, or give the port as an option.',
      );
    }
    return { host, port, dbname };
  }
}

/**
 * Makes the `parse` of a `SecretCache`: reads the fields AWS gives a database secret (Secrets Manager User Guide,
 * "JSON structure of AWS Secrets Manager database credential secrets"). Others are left alone.
 * @throws ClientSettingsError, InvalidSecretValueError, when it is called
 */
export function databaseCredential(): (text: string) => DatabaseCredential {
  return (text) => {
    const { members } = parseJsonDocument(text);
    const member = (name: string) => members.get(name)?.value;
    const [username, password] = ['username', 'password'].map((name) => {
      const found = member(name);
      if (typeof found !== 'string' || found === '') {
        throw new ClientSettingsError(
          `The secret has no text in ${name}; expected a database secret. Check which secret is read.`,
        );
      }
      return found;
    }) as [string, string];
    const [host, port, dbname] = ['host', 'port', 'dbname'].map(member);
    return new DatabaseCredential(username, password, {
      ...(typeof host === 'string' && host !== '' && { host }),
      ...(port !== undefined && { port: Number(port) }),
      ...(typeof dbname === 'string' && dbname !== '' && { dbname }),
    });
  };
}
