import { type ChainRequirements, defaultRequirements } from '@slipway/evidence';

/** What every production change must show: all links, and the approval of a second person. Light: the verifier loads no platform. */
export const productionRequirements: ChainRequirements = { ...defaultRequirements, approvals: 1 };
