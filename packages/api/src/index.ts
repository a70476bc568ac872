export * from './run-schemas.ts';
export * from './review-schemas.ts';
export * from './delivery-schemas.ts';
export * from './platform-schemas.ts';
