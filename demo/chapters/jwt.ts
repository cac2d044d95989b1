import { primaryOf } from '../../domain/secrets/keyset.ts';
import { kidOfToken } from '../application-load.ts';
import { present, prove } from '../proof.ts';
import type { Chapter } from './chapter.ts';

export const jwt: Chapter = {
  id: 'jwt',
  title: 'JWT secret: a new signing key, nobody logged out',

  async run({ operator, application, pharmacy }, report) {
    const token = await pharmacy.login();
    const old = kidOfToken(token);
    report.doing(`a session is open, its token signed by ${old}; RotateSecret`);

    const versions = await operator.rotate('jwt');
    const published = await application.keyset('jwt', versions.previous);
    const activated = await application.keyset('jwt');
    const next = primaryOf(activated).kid;

    const waiting = published.keys.find(({ kid }) => kid === next);
    prove(waiting?.state === 'published', `key ${next} was published before it was used`);
    prove(primaryOf(published).kid === old, `key ${old} signed while ${next} was only published`);
    report.changed(`key ${next} was published while ${old} went on signing`);
    const until = present(
      activated.keys.find(({ kid }) => kid === old)?.acceptUntil,
      `key ${old} is accepted until an instant`,
    );
    report.changed(`then ${next} was activated; ${old} only verifies, until ${until.slice(0, 10)}`);

    prove(await pharmacy.accepts(token), 'the old token verifies');
    report.proof(`the token signed by ${old} before the rotation still verifies`);
    const login = await pharmacy.login();
    const signer = kidOfToken(login);
    prove(signer === next && next !== old, 'the new key signs');
    prove(await pharmacy.accepts(login), 'its token verifies');
    report.proof(`a login now gets a token signed by ${signer}, and it verifies`);
  },
};
