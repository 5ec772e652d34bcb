from ballast.chain.wiring import contract_params
from ballast.index_file import RebalancingParams
from tests.unit.rebalancer.conftest import ZERO


def test_rebalancing_params__left_out_of_a_description__are_the_contracts_own(project, system, governor):
    vault, calculator = system.vault.address, system.calculator.address
    arguments = (system.access.address, vault, calculator, system.oracle.address, system.weth, ZERO)
    fresh = project.Rebalancer.deploy(*arguments, sender=governor)
    given = contract_params(RebalancingParams())
    params = fresh.getParams()
    for group in ("trigger", "fill"):
        chosen = getattr(params, group)
        assert {key: getattr(chosen, key) for key in given[group]} == given[group]
