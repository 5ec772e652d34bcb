import time
from ballast.chain.status import read_status
from ballast.keeper.rules import assess, budget_left
from ballast.keeper.decide import decide
def test_contribute(deployed):
    assert deployed.contribute(1_000_000) > 0
    t=time.time()
    s = read_status(deployed.system, deployed.index, deployed.deployment)
    print(time.time()-t)
    import json; print(json.dumps({k: v for k, v in s.items() if k!="snapshot"}, indent=1)); print(len(s["snapshot"]["hops"]), s["snapshot"]["hops"][:2])
    assert 0
