import type { Operation } from '../../service.ts';
import { checkSecret } from '../access.ts';
import type { Backend } from '../backend.ts';
import { changeSecret } from '../change.ts';
import { limitExceeded } from '../errors.ts';
import {
  constraint,
  type Input,
  optionalList,
  requiredString,
  secretId,
  tagList,
} from '../input.ts';

const MAXIMUM_TAGS = 50;

export function tagResource(backend: Backend): Operation {
  return {
    authorize: (input) => {
      const tags = tagList(input) ?? [];
      return [
        checkSecret('TagResource', backend.store.get(secretId(input)), input, {
          ...Object.fromEntries(tags.map((tag) => [`aws:RequestTag/${tag.key}`, tag.value])),
          'aws:TagKeys': tags.map((tag) => tag.key),
        }),
      ];
    },
    run: async (input) => {
      const tags = tagList(input);
      if (tags === undefined) {
        throw constraint('tags', 'Member must not be null');
      }
      changeSecret(backend, backend.store.live(secretId(input)), (draft) => {
        for (const { key, value } of tags) {
          draft.tags.set(key, value);
        }
        if (draft.tags.size > MAXIMUM_TAGS) {
          throw limitExceeded(`You can't have more than ${MAXIMUM_TAGS} tags on a secret.`);
        }
      });
      return {};
    },
  };
}

export function untagResource(backend: Backend): Operation {
  return {
    authorize: (input) => [
      checkSecret('UntagResource', backend.store.get(secretId(input)), input, {
        'aws:TagKeys': tagKeys(input),
      }),
    ],
    run: async (input) => {
      const keys = tagKeys(input);
      changeSecret(backend, backend.store.live(secretId(input)), (draft) => {
        for (const key of keys) {
          draft.tags.delete(key);
        }
      });
      return {};
    },
  };
}

function tagKeys(input: Input): string[] {
  const keys = optionalList(input, 'TagKeys', 0, MAXIMUM_TAGS, (key) =>
    requiredString({ TagKey: key }, 'TagKey', 1, 128),
  );
  if (keys === undefined) {
    throw constraint('tagKeys', 'Member must not be null');
  }
  return keys;
}
