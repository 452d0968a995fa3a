// Package contract holds what is asked and answered over HTTP against openapi.yaml, with a library and not by eye.
//
// The contract is held from both sides. An answer must be one that the file lists for its call, with the headers and the
// body it describes and no field that it does not name. A request that was taken must be one that the file allows, else
// generated clients could not send it; and one that the file allows must not be refused as malformed, else they would
// send it in vain. Its tests run those of package httpapi, which note every exchange (package exchange), check each, and
// ask that every answer of every call in the file was seen: what nobody has seen is a guess, and no contract.
//
// Whole-program tests may use the same notes, or a Contract's Transport where they live in this module.
package contract
