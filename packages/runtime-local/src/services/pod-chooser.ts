/** A pod that can be chosen. */
export interface Candidate {
  readonly id: string;
  readonly deployment: string;
}

/**
 * Chooses pods in turn: first a Deployment by its weight, spread evenly over time (smooth weighted round robin), then its pods one after
 * another. Deterministic, so that ten requests at weights 9 and 1 are nine and one.
 */
export class PodChooser {
  readonly #credit = new Map<string, number>();
  readonly #turns = new Map<string, number>();

  /**
   * Every candidate once, the chosen one first: the rest is for when it cannot be reached.
   *
   * @param weights - by Deployment; one without a weight gets nothing unless nobody with a weight is there. Absent: pods are all alike.
   */
  order<Pod extends Candidate>(
    pods: readonly Pod[],
    weights: Readonly<Record<string, number>> | undefined,
  ): readonly Pod[] {
    const weighted = weights === undefined ? [] : pods.filter((pod) => (weights[pod.deployment] ?? 0) > 0);
    if (weights === undefined || weighted.length === 0) return this.#rotate('', pods);
    const chosen = this.#chooseDeployment([...new Set(weighted.map((pod) => pod.deployment))], weights);
    const first = weighted.filter((pod) => pod.deployment === chosen);
    return [...this.#rotate(chosen, first), ...weighted.filter((pod) => pod.deployment !== chosen)];
  }

  #chooseDeployment(deployments: readonly string[], weights: Readonly<Record<string, number>>): string {
    let total = 0;
    let best = deployments[0] ?? '';
    for (const deployment of deployments) {
      const weight = weights[deployment] ?? 0;
      total += weight;
      this.#credit.set(deployment, (this.#credit.get(deployment) ?? 0) + weight);
      if ((this.#credit.get(deployment) ?? 0) > (this.#credit.get(best) ?? 0)) best = deployment;
    }
    this.#credit.set(best, (this.#credit.get(best) ?? 0) - total);
    return best;
  }

  #rotate<Pod extends Candidate>(key: string, pods: readonly Pod[]): readonly Pod[] {
    const turn = this.#turns.get(key) ?? 0;
    this.#turns.set(key, turn + 1);
    const start = pods.length === 0 ? 0 : turn % pods.length;
    return [...pods.slice(start), ...pods.slice(0, start)];
  }
}
