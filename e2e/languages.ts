import { type Engine, ensureEngine } from '@isthmus/testing'

const php: Engine = {
  name: 'PHP',
  commands: ['php', '/usr/bin/php'],
  trial: ['-r', "exit(PHP_VERSION_ID >= 80100 && extension_loaded('openssl') ? 0 : 1);"],
  aptPackages: ['php-cli'],
  variable: 'ISTHMUS_PHP',
}

const laravel: Engine = {
  name: 'Laravel for PHP',
  commands: php.commands,
  trial: ['-r', "exit(stream_resolve_include_path('Illuminate/Foundation/Application.php') ? 0 : 1);"],
  aptPackages: ['php-cli', 'php-laravel-framework'],
  variable: 'ISTHMUS_LARAVEL',
}

const python: Engine = {
  name: 'Python with Flask, Django and PyJWT',
  // Debian's packages belong to Debian's Python, which need not be the first one on PATH.
  commands: ['python3', '/usr/bin/python3'],
  trial: ['-c', 'import flask, django, jwt, cryptography'],
  aptPackages: ['python3-flask', 'python3-django', 'python3-jwt', 'python3-cryptography'],
  variable: 'ISTHMUS_PYTHON',
}

/** No language, and kept like one: the store of many hub servers. Unit tests need it as well. */
export const redis: Engine = {
  name: 'redis-server',
  commands: ['redis-server', '/usr/bin/redis-server'],
  aptPackages: ['redis-server'],
  variable: 'ISTHMUS_REDIS',
}

/** Finds them or installs them, once for all tests: whoever is started later reads the environment. */
export function ensureLanguages(): void {
  for (const language of [php, laravel, python, redis]) {
    const path = ensureEngine(language)
    if (path) process.env[language.variable] = path
  }
}

type Found = Readonly<Record<'php' | 'laravel' | 'python' | 'redis', string | undefined>>

/** What {@link ensureLanguages} found. */
export function foundLanguages(): Found {
  return {
    php: process.env[php.variable],
    laravel: process.env[laravel.variable],
    python: process.env[python.variable],
    redis: process.env[redis.variable],
  }
}
