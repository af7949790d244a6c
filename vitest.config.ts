import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

/** Tests on the lab's hosts, one file after another: they need all of the machine. */
const onLab = {
  globalSetup: 'test/e2e/setup.ts',
  testTimeout: 900_000,
  hookTimeout: 900_000,
  fileParallelism: false,
  sequence: { concurrent: false },
} as const

/** What takes as long as all the rest has a command of its own: `npm run test:nodes`. */
const long = {
  nodes: 'test/e2e/nodes.test.ts',
  endpoint: 'test/e2e/endpoint.test.ts',
  'virtual-ip': 'test/e2e/virtual-ip.test.ts',
  reset: 'test/e2e/reset.test.ts',
  'kill-node': 'test/e2e/kill-node.test.ts',
} as const

/** What puts something in the place of a module has its modules to itself, or other tests would meet that, or it what they have loaded. */
const replacing = ['test/cli/operate.test.ts']

export default defineConfig({
  test: {
    maxWorkers: availableParallelism(),
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/e2e/**', ...replacing],
          testTimeout: 20_000,
          // Modules hold no state, so they need not be loaded anew for each file.
          isolate: false,
        },
      },
      { test: { name: 'unit-replacing', include: replacing, testTimeout: 20_000 } },
      { test: { name: 'e2e', include: ['test/e2e/**/*.test.ts'], exclude: Object.values(long), ...onLab } },
      ...Object.entries(long).map(([name, file]) => ({ test: { name, include: [file], ...onLab } })),
    ],
  },
})
