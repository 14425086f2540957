"""HL7 v2 beyond ADT and the canonical model, both ways: one module for each family of messages.

Those named in `careloom.mapping.catalogue.FAMILIES` have `MAPPINGS`, from messages to events, and `DROPPED`, which says
of what is left behind why it is; `writing` makes messages of events. Meanings follow the HL7 v2-to-FHIR implementation
guide (STU 1); `docs/explanation/hl7v2-mapping.md` has them in tables.
"""
