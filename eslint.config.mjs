import js from '@eslint/js';
import nx from '@nx/eslint-plugin';
import tseslint from 'typescript-eslint';

// Who may use whom. The tags are in each project's package.json.
const layers = {
  'layer:wire': [],
  'layer:memory': ['layer:wire'],
  'layer:protocol': ['layer:wire', 'layer:memory'],
  'layer:session': ['layer:wire', 'layer:memory', 'layer:protocol'],
  'layer:choice': ['layer:wire'],
  'layer:udp': ['layer:wire', 'layer:memory'],
  'layer:commands': [],
  // It runs as root: it takes nothing but what it needs.
  'layer:capture': [],
  'layer:app': [
    'layer:wire',
    'layer:memory',
    'layer:protocol',
    'layer:session',
    'layer:choice',
    'layer:udp',
    'layer:capture',
    'layer:commands',
  ],
  'layer:netem': [],
  'layer:tool': ['*'],
};

const boundaries = (alsoAllowed = []) => [
  'error',
  {
    enforceBuildableLibDependency: true,
    banTransitiveDependencies: true,
    // A package's tests use it under its public name, like its users do.
    allowCircularSelfDependency: true,
    depConstraints: Object.entries(layers).map(([sourceTag, allowed]) => ({
      sourceTag,
      onlyDependOnLibsWithTags: [...allowed, ...alsoAllowed],
    })),
  },
];

const passedIn = 'Time and randomness are parameters here, so that every behaviour can be replayed on a virtual clock.';

export default tseslint.config(
  { ignores: ['**/dist/**', '**/out-tsc/**', '**/test-results/**', '**/coverage/**', '.nx/**', 'tools/checks/fixtures/**'] },
  // AssemblyScript: TypeScript's syntax, but another language, whose types its own compiler checks.
  { ignores: ['packages/fec/assembly/**'] },
  { linterOptions: { noInlineConfig: true } },
  {
    files: ['**/*.ts'],
    extends: [js.configs.recommended, tseslint.configs.strict],
    plugins: { '@nx': nx },
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@nx/enforce-module-boundaries': boundaries(),
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'separate-type-imports' }],
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/no-unnecessary-type-assertion': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/only-throw-error': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      eqeqeq: 'error',
      'max-lines': ['error', 300],
      'no-restricted-syntax': ['error', { selector: 'ExportAllDeclaration', message: 'Name what a module exports.' }],
      'prefer-const': 'error',
    },
  },
  {
    // What a browser runs as it is. Its types are checked, which finds names that there are not.
    files: ['apps/client/page/*.js'],
    extends: [js.configs.recommended],
    rules: { 'no-undef': 'off', eqeqeq: 'error', 'max-lines': ['error', 300], 'prefer-const': 'error' },
  },
  {
    files: ['{packages,apps}/*/test/**/*.ts'],
    plugins: { '@nx': nx },
    // The network emulator uses nothing of ours, so any package's tests may use it.
    rules: { '@nx/enforce-module-boundaries': boundaries(['layer:netem']) },
  },
  {
    files: ['packages/{wire,memory,fec,control,security,session,choice}/src/**/*.ts', 'tools/netem/src/**/*.ts'],
    // The transport of the control messages does I/O: it has sockets, timers and a clock.
    ignores: ['packages/control/src/quic/**'],
    rules: {
      'no-restricted-globals': [
        'error',
        ...['Date', 'performance', 'crypto', 'setTimeout', 'setInterval'].map((name) => ({ name, message: passedIn })),
      ],
      'no-restricted-properties': ['error', { object: 'Math', property: 'random', message: passedIn }],
    },
  },
);
