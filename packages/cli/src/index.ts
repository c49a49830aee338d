export { type Config, defineConfig, type Provider, type Secret } from './config/config.ts'
