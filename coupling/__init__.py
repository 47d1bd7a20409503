"""The agreement between scales: units, contracts, the ledger, cohesive laws.

numpy and scipy only: nothing here knows torch, FEniCSx or an ASE calculator.
"""
