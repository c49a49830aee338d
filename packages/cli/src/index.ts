export { type Config, defineConfig, type Secret } from './config/config.ts'
