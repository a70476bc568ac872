export { startThrowawayDatabase, type ThrowawayDatabase } from './throwaway-database.ts';
