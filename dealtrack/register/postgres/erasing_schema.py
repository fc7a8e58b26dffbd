"""The function by which a keeper erases: tables of an office's schema are written anew, without what was deleted."""

ERASING_FUNCTIONS = {
    "write_personal_anew": """CREATE OR REPLACE FUNCTION {office}.write_personal_anew()
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
DECLARE
    has_mail boolean := pg_relation_size('{office}.mailbox') > 0;
BEGIN
    -- Only where mail has come since it was last written anew. Who waits for a lock stops all who come later, and a
    -- clerk of another office may hold one for hours: it is tried for two seconds.
    FOR turn IN 1..40 LOOP
        BEGIN
            EXIT WHEN NOT has_mail;
            LOCK TABLE {office}.mailbox IN ACCESS EXCLUSIVE MODE NOWAIT;
            EXIT;
        EXCEPTION WHEN lock_not_available THEN
            IF turn = 40 THEN
                RAISE;
            END IF;
        END;
        PERFORM pg_sleep(0.05);
    END LOOP;
    ALTER TABLE {office}.personal ALTER COLUMN salt TYPE bytea USING salt || ''::bytea;
    IF has_mail THEN
        ALTER TABLE {office}.mailbox ALTER COLUMN content TYPE text COLLATE "C" USING content || '';
    END IF;
END
$function$
""",
}
"""How a keeper has the tables of personal data written to new files: what was deleted is not in those.

Who reads one state from before finds the tables empty.
"""
