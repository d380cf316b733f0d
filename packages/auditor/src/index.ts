/**
 * The auditor's public names.
 * @module @callbook/auditor
 */
