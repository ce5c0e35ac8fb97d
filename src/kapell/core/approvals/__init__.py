"""Approvals, pure: what a person is asked, who may answer, and what an answer is worth."""
