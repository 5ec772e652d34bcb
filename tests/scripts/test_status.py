def test_contribute(deployed):
    assert deployed.contribute(1_000_000) > 0
