"""HL7 v2 messages by HTTP: a system that posts to the gateway instead of speaking MLLP."""
