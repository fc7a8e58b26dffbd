"""The mailbox in an office's schema, and the functions that hand complaints from office to office.

The clerk who transfers a complaint calls `deliver` of the receiving office, which asks `transfer_sent` of the sending
one what its journal says: nothing, unless whoever is logged in may record there. `recall` takes back what was undone
and still waits, `clear_mail` removes what was taken over.
"""

MAILBOX_TABLE = """
CREATE TABLE {office}.mailbox (
    office text NOT NULL,
    seq bigint NOT NULL,
    complaint bigint NOT NULL,
    hash text NOT NULL,
    recorded_at text NOT NULL,
    content text NOT NULL,
    files text NOT NULL
);
"""
"""What other offices have transferred and nobody has taken over yet."""

_SENT = """IF NOT EXISTS (
        SELECT FROM pg_namespace WHERE nspname = sender AND pg_get_userbyid(nspowner) = sender || '_owner'
    ) THEN
        RAISE EXCEPTION 'there is no office %', sender USING ERRCODE = 'insufficient_privilege';
    END IF;
    EXECUTE format('SELECT * FROM %I.transfer_sent($1, $2)', sender)
    INTO sent USING entry, left(current_user, -length('_owner'));"""
"""Asks the office that sends, which must be one: anybody may call this, and its functions run as the owner."""

TRANSFER_FUNCTIONS = {
    "transfer_sent": """CREATE OR REPLACE FUNCTION {office}.transfer_sent(entry bigint, receiver text)
 RETURNS TABLE(complaint bigint, hash text, recorded_at text, sha256 text, is_undone boolean)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
    SELECT
        sent.complaint, encode(sent.hash, 'hex'), sent.recorded_at, sent.detail::json ->> 'sha256',
        EXISTS (
            SELECT FROM {office}.transition AS undoing
            WHERE undoing.complaint = sent.complaint AND undoing.kind = 'voided'
            AND undoing.detail::json ->> 'seq' = sent.seq::text
        )
    FROM {office}.transition AS sent
    WHERE sent.seq = entry AND sent.kind = 'transferred' AND sent.detail::json ->> 'to' = receiver
    AND has_table_privilege(session_user, '{office}.transition', 'INSERT')
$function$
""",
    "deliver": f"""CREATE OR REPLACE FUNCTION {{office}}.deliver(sender text, entry bigint, letter text, evidence text)
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
DECLARE
    sent record;
BEGIN
    {_SENT}
    IF sent.complaint IS NULL OR sent.is_undone
        OR sent.sha256 IS DISTINCT FROM encode(sha256(convert_to(letter, 'UTF8')), 'hex')
    THEN
        RAISE EXCEPTION 'entry % of office % transfers nothing of this kind', entry, sender
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    INSERT INTO {{office}}.mailbox
    VALUES (sender, entry, sent.complaint, sent.hash, sent.recorded_at, letter, evidence);
END
$function$
""",
    "recall": f"""CREATE OR REPLACE FUNCTION {{office}}.recall(sender text, entry bigint)
 RETURNS boolean
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
DECLARE
    sent record;
BEGIN
    {_SENT}
    IF NOT coalesce(sent.is_undone, false) THEN
        RAISE EXCEPTION 'the transfer of entry % of office % was not undone', entry, sender
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    DELETE FROM {{office}}.mailbox WHERE office = sender AND seq = entry;
    RETURN FOUND;
END
$function$
""",
    "clear_mail": """CREATE OR REPLACE FUNCTION {office}.clear_mail(sender text, entry bigint)
 RETURNS boolean
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
BEGIN
    DELETE FROM {office}.mailbox AS mail WHERE mail.office = sender AND mail.seq = entry AND EXISTS (
        SELECT FROM {office}.complaint AS taken JOIN {office}.transition AS receipt ON receipt.complaint = taken.id
        WHERE taken.import_key = 'transfer:' || sender || ':' || entry AND receipt.kind = 'received'
        AND receipt.detail::json ->> 'import_key' = taken.import_key
        AND receipt.detail::json -> 'transfer' ->> 'hash' = mail.hash
    );
    RETURN FOUND;
END
$function$
""",
}
"""The functions by name, as the server prints them."""
