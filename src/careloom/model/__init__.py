"""Canonical entities and events, with FHIR R4's names. Knows no wire format and no system."""

from careloom.model.amounts import Money, Quantity
from careloom.model.catalogue import DOMAINS
from careloom.model.catalogue.charging import AccountUpdated, ChargeItemDefinitionUpdated, ChargePosted, ChargeVoided
from careloom.model.catalogue.claims import (
    ClaimAcknowledged,
    ClaimAdjudicated,
    ClaimRejected,
    ClaimResponseEvent,
    ClaimStatusChanged,
    ClaimStatusRequested,
    ClaimSubmitted,
    RemittanceReceived,
)
from careloom.model.catalogue.coverage import (
    AuthorizationCancelled,
    AuthorizationDenied,
    AuthorizationEvent,
    AuthorizationGranted,
    AuthorizationPended,
    AuthorizationRequested,
    EligibilityAnswered,
    EligibilityRequested,
    EnrollmentChanged,
    PremiumPaid,
)
from careloom.model.catalogue.engagement import (
    ConsentRecorded,
    ContactUpdated,
    DocumentPublished,
    MessageReceived,
    MessageSent,
    TicketEvent,
    TicketOpened,
    TicketUpdated,
)
from careloom.model.catalogue.finance import (
    InvoiceCancelled,
    InvoiceEvent,
    InvoiceIssued,
    InvoicePaid,
    PaymentDisputed,
    PaymentEvent,
    PaymentFailed,
    PaymentReceived,
    PaymentRefunded,
    SettlementReceived,
    StatementReceived,
)
from careloom.model.catalogue.masterdata import (
    EmployeeUpdated,
    LocationUpdated,
    OrganizationUpdated,
    PayrollPosted,
    PractitionerUpdated,
)
from careloom.model.catalogue.medication import (
    MedicationAdministered,
    MedicationDispensed,
    MedicationPrescribed,
    MedicationReturned,
    PrescriptionCancelled,
)
from careloom.model.catalogue.operations import (
    ExceptionEvent,
    ExceptionRaised,
    ExceptionResolved,
    TransmissionAcknowledged,
)
from careloom.model.catalogue.orders import (
    ReferralReceived,
    ReferralUpdated,
    ServiceCompleted,
    ServiceOrderCancelled,
    ServiceOrderChanged,
    ServiceOrdered,
    ServiceOrderEvent,
)
from careloom.model.catalogue.purchasing import (
    DeliveryEvent,
    PurchaseOrderAcknowledged,
    PurchaseOrderApproved,
    PurchaseOrderCancelled,
    PurchaseOrderChanged,
    PurchaseOrderEvent,
    PurchaseOrderPlaced,
    ShipmentAnnounced,
    SupplierInvoiceReceived,
    SupplyReceived,
    SupplyRequested,
)
from careloom.model.catalogue.scheduling import (
    AppointmentArrived,
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentConfirmed,
    AppointmentEvent,
    AppointmentNoShow,
    AppointmentUpdated,
    ScheduleUpdated,
)
from careloom.model.catalogue.stock import (
    CatalogueReceived,
    InventoryReported,
    ProductUpdated,
    StockAdjusted,
    StockMoved,
    StockMoveEvent,
    StockRanLow,
)
from careloom.model.charging import Account, AccountDiagnosis, ChargeItem, ChargeItemDefinition
from careloom.model.claims import (
    Adjustment,
    Claim,
    ClaimItem,
    ClaimItemResponse,
    ClaimProcedure,
    ClaimResponse,
    ClaimState,
    Diagnosis,
    PriorPayment,
    SupportingInfo,
)
from careloom.model.contract import Contract
from careloom.model.datatypes import (
    Address,
    CodeableConcept,
    Coding,
    ContactPoint,
    Element,
    HumanName,
    Identifier,
    Period,
    Reference,
)
from careloom.model.eligibility import (
    Authorization,
    AuthorizationItem,
    AuthorizationRequest,
    Benefit,
    CoverageEligibilityRequest,
    CoverageEligibilityResponse,
    Enrollment,
    PremiumItem,
    PremiumPayment,
)
from careloom.model.engagement import Communication, Consent, Contact, DocumentReference, Employee, Ticket
from careloom.model.entities import (
    Coverage,
    CoverageClass,
    Encounter,
    Location,
    Organization,
    Patient,
    Practitioner,
    PractitionerRole,
    RelatedPerson,
)
from careloom.model.events import (
    CanonicalEvent,
    DischargeCancelled,
    PatientDischarged,
    PatientEvent,
    PatientMerged,
    PatientUpdated,
    RegistrationCancelled,
    RegistrationCreated,
)
from careloom.model.examples import examples
from careloom.model.invoicing import AllowanceCharge, Invoice, InvoiceLine, Tax
from careloom.model.medication import MedicationAdministration, MedicationDispense, MedicationRequest
from careloom.model.operations import Case, PayrollLine, PayrollRun, TransmissionAcknowledgement, TransmissionError
from careloom.model.orders import Consumption, PerformedService, ServiceReport, ServiceRequest
from careloom.model.payments import (
    Allocation,
    BankEntry,
    BankStatement,
    Dispute,
    PaymentNotice,
    Refund,
    Settlement,
    SettlementLine,
)
from careloom.model.products import Lot, Packaging, Product
from careloom.model.registry import CONTRACTS, EVENTS, decode, encode, schema
from careloom.model.remittance import (
    AdjudicatedItem,
    ExplanationOfBenefit,
    ProviderAdjustment,
    Remittance,
    RemittedClaim,
    SupplementaryAmount,
)
from careloom.model.scheduling import Appointment, Schedule, Slot
from careloom.model.stock import Catalogue, InventoryItem, InventoryReport, StockLevel, StockMove
from careloom.model.subject import About, identifiers_at, subject_key
from careloom.model.supply import (
    SupplyDelivery,
    SupplyDeliveryItem,
    SupplyRequest,
    SupplyRequestLine,
    SupplyResponse,
    SupplyResponseLine,
)

# fmt: off
__all__ = [
    "CONTRACTS", "DOMAINS", "EVENTS", "About", "Account", "AccountDiagnosis", "AccountUpdated", "Address",
    "AdjudicatedItem", "Adjustment", "Allocation", "AllowanceCharge", "Appointment", "AppointmentArrived",
    "AppointmentBooked", "AppointmentCancelled", "AppointmentConfirmed", "AppointmentEvent", "AppointmentNoShow",
    "AppointmentUpdated", "Authorization", "AuthorizationCancelled", "AuthorizationDenied", "AuthorizationEvent",
    "AuthorizationGranted", "AuthorizationItem", "AuthorizationPended", "AuthorizationRequest",
    "AuthorizationRequested", "BankEntry", "BankStatement", "Benefit", "CanonicalEvent", "Case", "Catalogue",
    "CatalogueReceived", "ChargeItem", "ChargeItemDefinition", "ChargeItemDefinitionUpdated", "ChargePosted",
    "ChargeVoided", "Claim", "ClaimAcknowledged", "ClaimAdjudicated", "ClaimItem", "ClaimItemResponse",
    "ClaimProcedure", "ClaimRejected", "ClaimResponse", "ClaimResponseEvent", "ClaimState", "ClaimStatusChanged",
    "ClaimStatusRequested", "ClaimSubmitted", "CodeableConcept", "Coding", "Communication", "Consent",
    "ConsentRecorded", "Consumption", "Contact", "ContactPoint", "ContactUpdated", "Contract", "Coverage",
    "CoverageClass", "CoverageEligibilityRequest", "CoverageEligibilityResponse", "DeliveryEvent", "Diagnosis",
    "DischargeCancelled", "Dispute", "DocumentPublished", "DocumentReference", "Element", "EligibilityAnswered",
    "EligibilityRequested", "Employee", "EmployeeUpdated", "Encounter", "Enrollment", "EnrollmentChanged",
    "ExceptionEvent", "ExceptionRaised", "ExceptionResolved", "ExplanationOfBenefit", "HumanName", "Identifier",
    "InventoryItem", "InventoryReport", "InventoryReported", "Invoice", "InvoiceCancelled", "InvoiceEvent",
    "InvoiceIssued", "InvoiceLine", "InvoicePaid", "Location", "LocationUpdated", "Lot", "MedicationAdministered",
    "MedicationAdministration", "MedicationDispense", "MedicationDispensed", "MedicationPrescribed",
    "MedicationRequest", "MedicationReturned", "MessageReceived", "MessageSent", "Money", "Organization",
    "OrganizationUpdated", "Packaging", "Patient", "PatientDischarged", "PatientEvent", "PatientMerged",
    "PatientUpdated", "PaymentDisputed", "PaymentEvent", "PaymentFailed", "PaymentNotice", "PaymentReceived",
    "PaymentRefunded", "PayrollLine", "PayrollPosted", "PayrollRun", "PerformedService", "Period", "Practitioner",
    "PractitionerRole", "PractitionerUpdated", "PremiumItem", "PremiumPaid", "PremiumPayment",
    "PrescriptionCancelled", "PriorPayment", "Product", "ProductUpdated", "ProviderAdjustment",
    "PurchaseOrderAcknowledged", "PurchaseOrderApproved", "PurchaseOrderCancelled", "PurchaseOrderChanged",
    "PurchaseOrderEvent", "PurchaseOrderPlaced", "Quantity", "Reference", "ReferralReceived", "ReferralUpdated",
    "Refund", "RegistrationCancelled", "RegistrationCreated", "RelatedPerson", "Remittance", "RemittanceReceived",
    "RemittedClaim", "Schedule", "ScheduleUpdated", "ServiceCompleted", "ServiceOrderCancelled",
    "ServiceOrderChanged", "ServiceOrderEvent", "ServiceOrdered", "ServiceReport", "ServiceRequest", "Settlement",
    "SettlementLine", "SettlementReceived", "ShipmentAnnounced", "Slot", "StatementReceived", "StockAdjusted",
    "StockLevel", "StockMove", "StockMoveEvent", "StockMoved", "StockRanLow", "SupplementaryAmount",
    "SupplierInvoiceReceived", "SupplyDelivery", "SupplyDeliveryItem", "SupplyReceived", "SupplyRequest",
    "SupplyRequestLine", "SupplyRequested", "SupplyResponse", "SupplyResponseLine", "SupportingInfo", "Tax",
    "Ticket", "TicketEvent", "TicketOpened", "TicketUpdated", "TransmissionAcknowledged",
    "TransmissionAcknowledgement", "TransmissionError", "decode", "encode", "examples", "identifiers_at", "schema",
    "subject_key",
]
# fmt: on
