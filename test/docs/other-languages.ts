/** Runs the Python and the Go of docs/for-applications.md as they stand there. */
import { spawn, spawnSync } from 'node:child_process';
import { accessSync, constants, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

export const read = (path: string) =>
  readFileSync(join(import.meta.dirname, '../..', path), 'utf8');

/** What the document has under this language, block by block. */
export const blocksOf = (language: string): string[] =>
  [
    ...read('docs/for-applications.md').matchAll(
      new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, 'gs'),
    ),
  ].map(([, code = '']) => code);

/** The value of a secret at a time; null: it cannot be read. `token`: verified, read again if its key is unknown. */
export interface CacheStep {
  now: number;
  secret: string | null;
  token?: string;
}

/** `now` in seconds since 1970. */
export type Call =
  | { op: 'verify'; token: string; secret: string; now: number }
  | { op: 'sign'; claims: object; lifetime: number; secret: string; now: number }
  | ({ op: 'open'; stored: string; secret: string; now: number } & Place)
  | ({ op: 'seal'; plaintext: string; secret: string } & Place)
  | { op: 'cache'; steps: CacheStep[] }
  | { op: 'verify with PyJWT'; token: string; secret: string }
  | { op: 'sign with PyJWT'; claims: object; secret: string };

export interface Place {
  column: string;
  profile: string;
  row: string[];
}

/**
 * What each call gives: `sub` of a token, a plaintext, what was written, or the name of the refusal. Of a cache: for
 * each step the kid of the primary key or the `sub`, and how often the secret was read by then.
 */
export interface Language {
  readonly name: string;
  run(calls: readonly Call[]): unknown[];
  stop(): void;
}

const pythonDriver = `
import sys
class Source:
    now, text, reads = 0, None, 0
    def read(self):
        self.reads += 1
        if self.text is None:
            raise OSError("no route")
        return self.text
def at(call):
    return datetime.fromtimestamp(call["now"], timezone.utc)
def place(call):
    return call["column"], call["profile"], call["row"]
def step(source, cache, each):
    source.now, source.text = each["now"], each["secret"]
    if "token" not in each:
        return primary_of(cache.get())["kid"]
    return with_newer_keys(cache, lambda keyset: verify(each["token"], keyset, at(each)))["sub"]
def cached(call):
    source = Source()
    cache = SecretCache(source.read, read_keyset, clock=lambda: source.now)
    return [[told(lambda each: step(source, cache, each), each), source.reads] for each in call["steps"]]
OPS = {
    "verify": lambda call: verify(call["token"], read_keyset(call["secret"]), at(call))["sub"],
    "sign": lambda call: sign(call["claims"], read_keyset(call["secret"]), call["lifetime"], at(call)),
    "open": lambda call: open_qt1(call["stored"], read_keyset(call["secret"]), *place(call)).decode(),
    "seal": lambda call: seal_qt1(call["plaintext"].encode(), read_keyset(call["secret"]), *place(call)),
    "cache": cached,
    "verify with PyJWT": lambda call: verify_with_pyjwt(call["token"], read_keyset(call["secret"]), audience="api")["sub"],
    "sign with PyJWT": lambda call: sign_with_pyjwt(call["claims"], read_keyset(call["secret"])),
}
def told(work, call):
    try:
        return work(call)
    except (Refused, Unavailable, ValueError) as refusal:
        return type(refusal).__name__
print(json.dumps([told(OPS[call["op"]], call) for call in json.load(sys.stdin)]))
`;

/** Undefined where no interpreter can import both libraries. */
export function startPython(): Language | undefined {
  const python = pythonWith('cryptography', 'jwt');
  if (python === undefined) {
    return undefined;
  }
  const program = blocksOf('python').join('\n') + pythonDriver;
  return {
    name: 'Python',
    run: (calls) => answered(python, ['-I', '-c', program], calls),
    stop: () => undefined,
  };
}

/** The first python3 on the path that has all of these; undefined: none has. */
export function pythonWith(...modules: string[]): string | undefined {
  const looks =
    'import importlib.util as u, sys; sys.exit(any(not u.find_spec(m) for m in sys.argv[1:]))';
  return onPath('python3').find(
    (python) =>
      spawnSync(python, ['-I', '-c', looks, ...modules], { timeout: 30_000 }).status === 0,
  );
}

const goDriver = `
package main

import (
	"encoding/json"
	"errors"
	"os"
	"time"
)

type step struct {
	Now    float64
	Secret *string
	Token  string
}

type call struct {
	Op, Token, Secret, Stored, Plaintext, Column, Profile string
	Claims                                                map[string]any
	Lifetime, Now                                         float64
	Row                                                   []string
	Steps                                                 []step
}

func at(seconds float64) time.Time { return time.UnixMilli(int64(seconds * 1000)) }

func subOf(token string, keyset *Keyset, now time.Time) (any, error) {
	claims, err := Verify(token, keyset, now)
	if err != nil {
		return nil, err
	}
	return claims["sub"], nil
}

func (c call) done() (any, error) {
	place := Place{c.Column, c.Profile, c.Row}
	if c.Op == "cache" {
		return c.cached(), nil
	}
	keyset, err := ReadKeyset(c.Secret)
	if err != nil {
		return nil, err
	}
	switch c.Op {
	case "verify":
		return subOf(c.Token, keyset, at(c.Now))
	case "sign":
		return Sign(c.Claims, keyset, time.Duration(c.Lifetime)*time.Second, at(c.Now))
	case "open":
		plaintext, err := OpenQt1(c.Stored, keyset, place, at(c.Now))
		return string(plaintext), err
	case "seal":
		return SealQt1([]byte(c.Plaintext), keyset, place)
	}
	return nil, errors.New("no such call")
}

func (c call) cached() any {
	var current step
	reads := 0
	cache := NewCache(func() (string, error) {
		reads++
		if current.Secret == nil {
			return "", errors.New("no route")
		}
		return *current.Secret, nil
	})
	cache.Now = func() time.Time { return at(current.Now) }
	answers := [][]any{}
	for _, current = range c.Steps {
		var answer any
		keyset, err := cache.Get()
		if err == nil && current.Token == "" {
			primary, _, _ := keyset.primary()
			answer = primary.Kid
		} else if err == nil {
			err = WithNewerKeys(cache, func(keyset *Keyset) (err error) {
				answer, err = subOf(current.Token, keyset, at(current.Now))
				return err
			})
		}
		answers = append(answers, []any{told(answer, err), reads})
	}
	return answers
}

func told(answer any, err error) any {
	switch {
	case err == nil:
		return answer
	case errors.Is(err, ErrUnknownKey):
		return "UnknownKey"
	case errors.Is(err, ErrRefused):
		return "Refused"
	case errors.Is(err, ErrUnavailable):
		return "Unavailable"
	}
	return "ValueError"
}

func main() {
	var calls []call
	if err := json.NewDecoder(os.Stdin).Decode(&calls); err != nil {
		panic(err)
	}
	answers := []any{}
	for _, each := range calls {
		answers = append(answers, told(each.done()))
	}
	json.NewEncoder(os.Stdout).Encode(answers)
}
`;

/** Undefined where there is no Go. Compiled once, without a network, its cache beside it. */
export function startGo(): Language | undefined {
  const [go] = onPath('go');
  if (go === undefined) {
    return undefined;
  }
  const directory = mkdtempSync(join(tmpdir(), 'quarterturn-go-'));
  const program = join(directory, 'program');
  const files = { 'example.go': blocksOf('go').join('\n'), 'driver.go': goDriver };
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(join(directory, name), text);
  }
  const env = {
    PATH: process.env.PATH,
    HOME: directory,
    GOCACHE: join(directory, 'cache'),
    GOPATH: join(directory, 'path'),
    GOFLAGS: '-mod=mod',
    GOPROXY: 'off',
    GOTOOLCHAIN: 'local',
  };
  const { stderr, status } = spawnSync(go, ['build', '-o', program, ...Object.keys(files)], {
    cwd: directory,
    env,
    encoding: 'utf8',
    timeout: 120_000,
  });
  const stop = () => rmSync(directory, { recursive: true, force: true });
  if (status !== 0) {
    stop();
    throw new Error(`The Go of docs/for-applications.md does not compile:\n${stderr}`);
  }
  return { name: 'Go', run: (calls) => answered(program, [], calls), stop };
}

/** For programs that call back into this process: it goes on meanwhile. */
export function outputOf(
  program: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<{ out: string; err: string; code: number | null }> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      env: { PATH: process.env.PATH, ...environment },
      timeout: 60_000,
    });
    const out: string[] = [];
    const err: string[] = [];
    child.stdout.on('data', (data) => out.push(String(data)));
    child.stderr.on('data', (data) => err.push(String(data)));
    child.on('error', reject);
    child.on('close', (code) => resolve({ out: out.join(''), err: err.join(''), code }));
  });
}

function answered(program: string, args: readonly string[], calls: readonly Call[]): unknown[] {
  const { stdout, stderr, status } = spawnSync(program, args, {
    input: JSON.stringify(calls),
    encoding: 'utf8',
    timeout: 60_000,
    maxBuffer: 16 * 1024 * 1024,
  });
  if (status !== 0 || stderr !== '') {
    throw new Error(`The example ended with ${status}:\n${stderr}`);
  }
  return JSON.parse(stdout);
}

function onPath(name: string): string[] {
  const places = new Set((process.env.PATH ?? '').split(delimiter));
  return [...places]
    .map((directory) => join(directory, name))
    .filter((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}
