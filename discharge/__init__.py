"""The domain of a discharge: stays, tasks, deadlines and the health agreement.

May import the standard library only, and of that neither `asyncio` nor `os`; every other package may import this one.
"""
