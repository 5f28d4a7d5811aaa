#!/usr/bin/env python3
"""Times python-sscha on the published ensembles; run by tools/bench --peer in an environment of its own.

usage: time_python_sscha.py DATA RESULT.json CASE

A step is one turn of its own loop (fixed step, no line search): gradient, symmetrisation, new matrices and centroids,
weights, free energy. The best of the steps counts, as for our own. A Hessian is get_free_energy_hessian, once.
"""
import contextlib
import io
import json
import resource
import sys
import time

import cellconstructor.Phonons
import sscha.Ensemble
import sscha.SchaMinimizer

# name: folder, population, temperature (K), stars, configurations, fixed step, steps
CASES = {
    "step_graphite_144_n500": ("graphite_6x6x1", 1, 0.0, 13, 500, 0.04, 6),
    "step_cspbi3_40_n1024": ("cspbi3_2x2x2_450K", 100, 450.0, 4, 1024, 0.2, 20),
}
# name: folder, population, temperature (K), stars, configurations, fourth order; graphite takes a quarter of an hour
HESSIANS = {
    "hessian_v4_snte_n10": ("snte_2x2x2_N10", 1, 250.0, 3, 10, True),
    "hessian_v3_graphite": ("graphite_6x6x1", 1, 0.0, 13, 500, False),
}


def load(data, folder, population, temperature, n_stars, n_configurations):
    path = f"{data}/ensembles/{folder}"
    dyn = cellconstructor.Phonons.Phonons(f"{path}/dyn_gen_pop{population}_", n_stars)
    ensemble = sscha.Ensemble.Ensemble(dyn, temperature, dyn.GetSupercell())
    ensemble.load_bin(path, population)
    assert ensemble.N == n_configurations, ensemble.N
    return ensemble


def time_hessian(data, *case):
    ensemble = load(data, *case[:-1])
    begin = time.perf_counter()
    ensemble.get_free_energy_hessian(include_v4=case[-1])
    return time.perf_counter() - begin


def time_steps(data, *case):
    *of_ensemble, step, n_steps = case
    ensemble = load(data, *of_ensemble)
    minimizer = sscha.SchaMinimizer.SSCHA_Minimizer(ensemble)
    minimizer.fixed_step = True
    minimizer.set_minimization_step(step)
    minimizer.meaningful_factor = 1e-12
    minimizer.kong_liu_ratio = 0.0
    minimizer.max_ka = n_steps
    minimizer.init()

    started, seconds = [], []
    minimizer.run(verbose=0, custom_function_pre=lambda _: started.append(time.perf_counter()),
                  custom_function_post=lambda _: seconds.append(time.perf_counter() - started[-1]))
    assert len(seconds) == n_steps, f"stopped after {len(seconds)} steps"
    return min(seconds)


def main():
    data, result_file, name = sys.argv[1], sys.argv[2], sys.argv[3]
    with contextlib.redirect_stdout(io.StringIO()):
        seconds = time_hessian(data, *HESSIANS[name]) if name in HESSIANS else time_steps(data, *CASES[name])
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024e-6
    with open(result_file, "w", encoding="utf-8") as stream:
        json.dump({name: {"seconds": seconds, "peak_memory_mb": memory}}, stream)
    print(f"{name}: {seconds:.3g} s, {memory:.0f} MB")


if __name__ == "__main__":
    main()
