/** Lint rules: the strict type-checked set, and the limits of the house. */

import tseslint from "typescript-eslint";

export default tseslint.config(
  { ignores: ["dist", "out", "src/wire/protocol.ts", "node_modules"] },
  ...tseslint.configs.recommended,
  {
    files: ["src/**/*.ts", "test/**/*.ts"],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      "@typescript-eslint/no-floating-promises": "error",
      "@typescript-eslint/no-misused-promises": "error",
      "@typescript-eslint/switch-exhaustiveness-check": "error",
      "@typescript-eslint/no-unused-vars": ["error", { varsIgnorePattern: "^_" }],
      "max-lines-per-function": ["error", { max: 70 }],
      "max-lines": ["error", { max: 500 }],
      "no-restricted-syntax": [
        "error",
        { selector: "PrivateIdentifier", message: "Proxies of applications break #private." },
      ],
    },
  },
  {
    // Node's `test` gives a promise that its runner awaits.
    files: ["test/**/*.ts"],
    rules: { "max-lines-per-function": "off", "@typescript-eslint/no-floating-promises": "off" },
  },
);
