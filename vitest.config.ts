// Unit tests live beside their code (control-plane/**/*.test.ts) or under test/ when they need a built part.
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["control-plane/**/*.test.ts", "test/**/*.test.ts"],
    exclude: ["**/node_modules/**", "**/dist/**"],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
  },
});
