/**
 * What a project imports from the kit: the form of its configuration. The command itself is `hindsight`.
 */

export { defineConfig, type AnyFold, type Config } from './cli/config/define-config.ts';
