import js from '@eslint/js'
import nx from '@nx/eslint-plugin'
import tseslint from 'typescript-eslint'

// Who may use whom. The tags are in each project's package.json.
const layers = [
  { sourceTag: 'layer:wire', onlyDependOnLibsWithTags: [] },
  { sourceTag: 'layer:protocol', onlyDependOnLibsWithTags: ['layer:wire'] },
  { sourceTag: 'layer:session', onlyDependOnLibsWithTags: ['layer:wire', 'layer:protocol'] },
  { sourceTag: 'layer:udp', onlyDependOnLibsWithTags: ['layer:wire'] },
  { sourceTag: 'layer:app', onlyDependOnLibsWithTags: ['layer:wire', 'layer:protocol', 'layer:session', 'layer:udp'] },
  { sourceTag: 'layer:tool', onlyDependOnLibsWithTags: ['*'] },
]

const passedIn = 'Time and randomness are parameters here, so that every behaviour can be replayed on a virtual clock.'

export default tseslint.config(
  { ignores: ['**/dist/**', '**/out-tsc/**', '**/test-results/**', '**/coverage/**', '.nx/**'] },
  { linterOptions: { noInlineConfig: true } },
  {
    files: ['**/*.ts'],
    extends: [js.configs.recommended, tseslint.configs.strict],
    plugins: { '@nx': nx },
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@nx/enforce-module-boundaries': [
        'error',
        {
          enforceBuildableLibDependency: true,
          banTransitiveDependencies: true,
          // A package's tests use it under its public name, like its users do.
          allowCircularSelfDependency: true,
          depConstraints: layers,
        },
      ],
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
    files: ['packages/{wire,fec,control,security,session}/src/**/*.ts', 'tools/netem/src/**/*.ts'],
    rules: {
      'no-restricted-globals': [
        'error',
        ...['Date', 'performance', 'crypto', 'setTimeout', 'setInterval'].map((name) => ({ name, message: passedIn })),
      ],
      'no-restricted-properties': ['error', { object: 'Math', property: 'random', message: passedIn }],
    },
  },
)
