"""What abuse sounds like: threats, insults, hatred of groups, telling somebody to harm themselves.

Words of abuse alone show nothing: each expression needs somebody it is aimed at.
"""
